# The provider, what differs between staging and production, and the APIs.

terraform {
  required_version = ">= 1.11" # the mocked values of the tests are known in a plan from it on
  required_providers {
    google = {
      source  = "hashicorp/google"
      version = "~> 7.0"
    }
  }
}

variable "project" {
  type        = string
  description = "The Firebase project's id."
}

variable "region" {
  type        = string
  description = "The functions' region."
  default     = "us-central1"
}

variable "location" {
  type        = string
  description = "Where Firestore's database is. It cannot be changed later."
  default     = "nam5"
}

variable "bucket" {
  type        = string
  description = "The default bucket's name, if it differs: that of projects from before October 2024 ends in .appspot.com."
  default     = null
}

variable "bucket_location" {
  type        = string
  description = "Where the default bucket is, as the console shows it. It cannot be changed later."
  default     = "US"
}

variable "sites" {
  type        = list(string)
  description = "The https addresses that the web app is served from."
}

variable "email" {
  type        = string
  description = "The address that receives alerts."
}

variable "billing_account" {
  type        = string
  description = "The billing account that pays for the project."
}

variable "monthly_budget" {
  type        = number
  description = "The month's budget, in the billing account's currency."
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

variable "deployed" {
  type        = bool
  description = "Whether the functions were deployed. Only then is there something to watch: alerts on metrics, SLOs, the dashboard."
  default     = false
}

provider "google" {
  project               = var.project
  region                = var.region
  user_project_override = true
  billing_project       = var.project
}

# A request that is charged to the project needs an API that the project has enabled. APIs are enabled without that.
provider "google" {
  alias   = "enables"
  project = var.project
}

locals {
  apis = toset(concat([
    "artifactregistry.googleapis.com",
    "billingbudgets.googleapis.com",
    "cloudbilling.googleapis.com",
    "cloudbuild.googleapis.com",
    "cloudfunctions.googleapis.com",
    "cloudresourcemanager.googleapis.com",
    "cloudscheduler.googleapis.com",
    "cloudtasks.googleapis.com",
    "compute.googleapis.com", # creates the account that the functions run as
    "eventarc.googleapis.com",
    "firebase.googleapis.com",
    "firebaseappcheck.googleapis.com",
    "firebasehosting.googleapis.com",
    "firebaserules.googleapis.com",
    "firebasestorage.googleapis.com",
    "firestore.googleapis.com",
    "iam.googleapis.com",
    "iamcredentials.googleapis.com",
    "identitytoolkit.googleapis.com",
    "logging.googleapis.com",
    "monitoring.googleapis.com",
    "pubsub.googleapis.com",
    "recaptchaenterprise.googleapis.com",
    "run.googleapis.com",
    "secretmanager.googleapis.com",
    "securetoken.googleapis.com",
    "serviceusage.googleapis.com",
    "storage.googleapis.com",
    "sts.googleapis.com",
    ], var.analytics == null ? [] : [
    "bigquery.googleapis.com",
    "workflowexecutions.googleapis.com",
    "workflows.googleapis.com",
  ]))
}

resource "google_project_service" "needed" {
  provider           = google.enables
  for_each           = local.apis
  service            = each.value
  disable_on_destroy = false
}

# It depends on nothing, so that its number is known when a change is planned. Otherwise each new API would replace
# every resource that contains the number.
data "google_project" "this" {
  provider = google.enables
}
