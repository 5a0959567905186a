"""Addresses of the pages about contacts."""

from django.urls import path

from . import views, welcome

urlpatterns = [
    path("customers/", views.customers, name="customers"),
    path("customers/<slug:key>/contacts/", views.index, name="customer_contacts"),
    path("customers/<slug:key>/contacts/invite/", views.invite, name="contact_invite"),
    path("customers/<slug:key>/contacts/<int:pk>/", views.change, name="contact_change"),
    path("customers/<slug:key>/contacts/<int:pk>/leave/", views.leave, name="contact_leave"),
    path("customers/<slug:key>/contacts/<int:pk>/come-back/", views.come_back, name="contact_come_back"),
    path("customers/<slug:key>/invitations/<int:pk>/send/", views.send_again, name="invitation_send"),
    path("customers/<slug:key>/invitations/<int:pk>/revoke/", views.revoke, name="invitation_revoke"),
    path("invitation/<str:token>/", welcome.welcome, name="invitation"),
]
