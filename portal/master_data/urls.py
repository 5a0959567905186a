"""Addresses of this part."""

from django.urls import path

from . import customers, people, support, teams

urlpatterns = [
    path("customers/", customers.index, name="customers_admin"),
    path("customers/new/", customers.new, name="customer_new"),
    path("customers/<slug:key>/", customers.customer, name="customer_admin"),
    path("customers/<slug:key>/change/", customers.change, name="customer_change"),
    path("customers/<slug:key>/retire/", customers.retire, name="customer_retire"),
    path("projects/<slug:key>/change/", customers.change_project, name="project_change"),
    path("projects/<slug:key>/retire/", customers.retire_project, name="project_retire"),
    path("projects/<slug:key>/support/", support.support, name="project_support"),
    path("projects/<slug:key>/assign/", support.assign, name="project_assign"),
    path("assignments/<int:pk>/", support.assignment, name="assignment_change"),
    path("people/", people.index, name="people_admin"),
    path("people/new/", people.new, name="person_new"),
    path("people/<int:pk>/", people.person, name="person_admin"),
    path("people/<int:pk>/change/", people.change, name="person_change"),
    path("people/<int:pk>/invite/", people.invite, name="person_invite"),
    path("people/<int:pk>/back/", people.take_back, name="person_back"),
    path("teams/", teams.index, name="teams_admin"),
    path("teams/new/", teams.new, name="team_new"),
    path("teams/<slug:slug>/", teams.team, name="team_admin"),
    path("teams/<slug:slug>/change/", teams.change, name="team_change"),
    path("teams/<slug:slug>/retire/", teams.retire, name="team_retire"),
    path("members/<int:pk>/", teams.member, name="member_change"),
]
