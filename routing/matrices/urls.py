"""Addresses of this part."""

from django.urls import path

from . import editing, publishing, views

urlpatterns = [
    path("", views.matrices, name="matrices"),
    path("new/", views.matrix_new, name="matrix_new"),
    path("compare/", views.matrix_compare, name="matrix_compare"),
    path("<int:pk>/", views.matrix_history, name="matrix_history"),
    path("<int:pk>/drafts/", views.matrix_begin, name="matrix_begin"),
    path("versions/<int:pk>/", views.matrix_version, name="matrix_version"),
    path("versions/<int:pk>/again/", publishing.version_again, name="matrix_again"),
    path("drafts/<int:pk>/", editing.draft, name="matrix_draft"),
    path("drafts/<int:pk>/titles/", editing.draft_titles, name="matrix_draft_titles"),
    path("drafts/<int:pk>/publish/", publishing.draft_publish, name="matrix_draft_publish"),
    path("drafts/<int:pk>/discard/", editing.draft_discard, name="matrix_draft_discard"),
    path("drafts/<int:pk>/<slug:word>/", editing.draft_priority, name="matrix_draft_priority"),
    path("drafts/<int:pk>/<slug:word>/words/", editing.draft_words, name="matrix_draft_words"),
    path("drafts/<int:pk>/<slug:word>/preview/", editing.draft_preview, name="matrix_draft_preview"),
]
