"""Texts of django-allauth that our catalogue translates again: its German says "du", this house says "Sie".

Nothing imports this; it is here so that the texts are collected. A translation of ours goes before the library's.
"""

from django.utils.translation import gettext_noop as _

BORROWED = (
    _("Account Already Exists"),
    _("Are you sure you want to sign out?"),
    _("Be patient, you are sending too many requests."),
    _("Do you really want to remove the selected email address?"),
    _("Email Address"),
    _("Invalid or expired key."),
    _("Please Confirm Your Email Address"),
    _("Please type your current password."),
    _("The new value must be different from the current one."),
    _("The password reset token was invalid."),
    _("Too many failed login attempts. Try again later."),
    _("Verify Your Email Address"),
    _("You are already logged in as %(user_display)s."),
    _("You cannot add more than %d email addresses."),
    _("You cannot remove your primary email address (%(email)s)."),
    _("You cannot remove your primary email address."),
    _("You have confirmed %(email)s."),
    _("You have signed out."),
    _("You must type the same email each time."),
    _("You must type the same password each time."),
    _("Your email address is still pending verification."),
    _("Your password has been changed."),
    _("Your password is now changed."),
    _("Your primary email address must be verified."),
    _("Forgotten your password? Enter your email address below, and we'll send you an email allowing you to reset it."),
    _("Please contact us if you have any trouble resetting your password."),
    _(
        "We have sent you an email. If you have not received it please check your spam folder."
        " Otherwise contact us if you do not receive it in a few minutes."
    ),
    _(
        "The password reset link was invalid, possibly because it has already been used. "
        ' Please request a <a href="%(passwd_reset_url)s">new password reset</a>.'
    ),
    _(
        "You currently do not have any email address set up. You should really add an email address so you can receive"
        " notifications, reset your password, etc."
    ),
    _(
        "We have sent an email to you for verification. Follow the link provided to finalize the signup process."
        " If you do not see the verification email in your main inbox, check your spam folder."
        " Please contact us if you do not receive the verification email within a few minutes."
    ),
    _('Please confirm that <a href="mailto:%(email)s">%(email)s</a> is an email address for user %(user_display)s.'),
    _(
        "This email confirmation link expired or is invalid."
        ' Please <a href="%(email_url)s">issue a new email confirmation request</a>.'
    ),
)
