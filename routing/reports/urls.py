"""Addresses of the reports."""

from django.urls import path

from . import views

urlpatterns = [
    path("", views.index, name="reports"),
    path("<slug:key>/", views.latest, name="customer_report_latest"),
    path("<slug:key>/<str:period>/", views.report, name="customer_report"),
    path("<slug:key>/<str:period>/report.pdf", views.report_pdf, name="customer_report_pdf"),
    path("<slug:key>/<str:period>/incidents.csv", views.report_csv, name="customer_report_csv"),
    path("<slug:key>/<str:period>/incidents/", views.incidents, name="customer_report_list"),
]
