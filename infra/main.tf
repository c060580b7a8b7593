# The provider, and what differs between staging and production.

terraform {
  required_version = ">= 1.5"
  required_providers {
    google = {
      source  = "hashicorp/google"
      version = "~> 6.0"
    }
  }
}

variable "project" {
  type        = string
  description = "The Firebase project's id."
}

variable "region" {
  type    = string
  default = "us-central1"
}

variable "location" {
  type        = string
  description = "Where Firestore's database and the bucket are."
  default     = "nam5"
}

variable "bucket" {
  type        = string
  description = "The default bucket's name, where it is another: that of projects from before October 2024 ends in .appspot.com."
  default     = null
}

variable "sites" {
  type        = list(string)
  description = "The https addresses that the web app is served from."
}

variable "email" {
  type        = string
  description = "Who is told of alerts."
}

variable "billing_account" {
  type = string
}

variable "monthly_budget" {
  type        = number
  description = "In the billing account's currency."
  default     = 200
}

variable "github" {
  type        = string
  description = "owner/repository whose workflow may deploy."
}

variable "environment" {
  type        = string
  description = "The GitHub environment whose jobs may deploy to this project: staging or production."
}

provider "google" {
  project               = var.project
  region                = var.region
  user_project_override = true
  billing_project       = var.project
}

data "google_project" "this" {}

resource "google_project_service" "needed" {
  for_each = toset([
    "billingbudgets.googleapis.com",
    "firestore.googleapis.com",
    "iamcredentials.googleapis.com",
    "identitytoolkit.googleapis.com",
    "monitoring.googleapis.com",
    "sts.googleapis.com",
  ])
  service            = each.value
  disable_on_destroy = false
}
