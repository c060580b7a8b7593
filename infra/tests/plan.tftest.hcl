# Plans of a mocked project: no account, no network but for the provider itself. `terraform test` runs it.

mock_provider "google" {
  override_during = plan
  mock_resource "google_service_account" {
    defaults = {
      name   = "projects/studiox-example/serviceAccounts/deployer@studiox-example.iam.gserviceaccount.com"
      member = "serviceAccount:deployer@studiox-example.iam.gserviceaccount.com"
    }
  }
  mock_resource "google_project_iam_custom_role" {
    defaults = {
      id = "projects/studiox-example/roles/studioxDeployer"
    }
  }
}

mock_provider "google" {
  override_during = plan
  alias           = "enables"
  mock_data "google_project" {
    defaults = {
      number = "123456789012"
    }
  }
}

# A mocked provider cannot import: these are what the console created.
override_resource {
  target = google_firestore_database.default
}

override_resource {
  target = google_storage_bucket.media
}

override_resource {
  target = google_identity_platform_config.auth
}

variables {
  project         = "studiox-example"
  billing_account = "000000-111111-222222"
  email           = "ops@example.com"
  github          = "owner/repository"
  environment     = "production"
  sites           = ["https://studiox-example.web.app"]
}

run "before_the_first_deploy" {
  command = plan

  assert {
    condition     = length(google_monitoring_alert_policy.watched) == 0 && length(google_monitoring_slo.objective) == 0
    error_message = "Nothing is deployed, so nothing can be watched: these policies would alert at once."
  }
  assert {
    condition     = length(google_monitoring_alert_policy.logged) == 5
    error_message = "Lines of the log are watched from the start."
  }
  assert {
    condition     = google_storage_bucket.media.name == "studiox-example.firebasestorage.app" && google_storage_bucket.media.location == "US"
    error_message = "The default bucket of a new project."
  }
  assert {
    condition     = google_storage_bucket_iam_member.runtime.member == "serviceAccount:123456789012-compute@developer.gserviceaccount.com"
    error_message = "The functions run as the default compute account."
  }
  assert {
    condition     = google_iam_workload_identity_pool_provider.github.attribute_condition == "assertion.repository == \"owner/repository\" && assertion.sub == \"repo:owner/repository:environment:production\""
    error_message = "Only jobs of the GitHub environment may deploy."
  }
}

run "after_the_first_deploy" {
  command = plan

  variables {
    deployed = true
  }
  assert {
    condition     = length(google_monitoring_alert_policy.watched) == length(local.watched) && length(google_monitoring_slo.objective) == 3
    error_message = "Everything is watched."
  }
  assert {
    condition     = length(google_monitoring_alert_policy.burn) == 3 && length(google_monitoring_alert_policy.burn["job-settled"].conditions) == 2
    error_message = "Each objective has an alert for failures that are fast, and for those that last."
  }
  assert {
    condition     = google_monitoring_uptime_check_config.health[0].monitored_resource[0].labels.host == "us-central1-studiox-example.cloudfunctions.net"
    error_message = "health is checked where it is deployed."
  }
  assert {
    condition     = length(jsondecode(google_monitoring_dashboard.studiox[0].dashboard_json).mosaicLayout.tiles) == length(local.charts)
    error_message = "A tile for each chart."
  }
}

run "another_bucket" {
  command = plan

  variables {
    bucket          = "studiox-example.appspot.com"
    bucket_location = "EU"
  }
  assert {
    condition     = google_storage_bucket.media.name == "studiox-example.appspot.com" && google_storage_bucket.media.location == "EU"
    error_message = "A project from before October 2024, in Europe."
  }
}

run "without_analysts" {
  command = plan

  assert {
    condition     = length(google_bigquery_dataset.analytics) == 0 && length(google_cloud_scheduler_job.analytics) == 0 && !contains(local.apis, "bigquery.googleapis.com")
    error_message = "The export is off until it is asked for."
  }
}

run "with_analysts" {
  command = plan

  variables {
    analytics = "(default)"
    analysts  = ["group:analysts@example.com"]
    location  = "eur3"
  }
  assert {
    condition     = google_bigquery_dataset.analytics[0].location == "EU" && google_storage_bucket.analytics[0].location == "EU"
    error_message = "The data stay where Firestore is."
  }
  assert {
    condition     = google_bigquery_dataset_iam_member.analysts["group:analysts@example.com"].role == "roles/bigquery.dataViewer" && length(google_bigquery_dataset_iam_member.analysts) == 1
    error_message = "Analysts read."
  }
  assert {
    condition     = toset(keys(yamldecode(google_workflows_workflow.analytics[0].source_contents))) == toset(["main", "run"])
    error_message = "The workflow is YAML."
  }
  assert {
    condition     = yamldecode(google_workflows_workflow.analytics[0].source_contents).main.steps[1].export.args.body.collectionIds == [for table in local.loads : table.collection]
    error_message = "The collections of the tables are exported."
  }
  assert {
    condition     = length(yamldecode(google_workflows_workflow.analytics[0].source_contents).main.steps[0].begin.assign[2].tables) == length(local.collections)
    error_message = "Each table is loaded."
  }
  assert {
    condition     = length(google_workflows_workflow.analytics[0].source_contents) < 100000
    error_message = "Workflows takes 128 KB."
  }
  assert {
    condition     = strcontains(local.views, "CREATE OR REPLACE VIEW `studiox-example`.studiox.revenue AS") && strcontains(local.views, "FROM `studiox-example`.studiox.payments") && length(regexall("[^`].studiox\\.", replace(local.views, "`studiox-example`.studiox.", ""))) == 0
    error_message = "Views name the project."
  }
}
