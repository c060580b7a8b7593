# The objectives over 28 days. An alert is sent when the failures of an hour, or of six hours, would use up the failures
# that the whole time allows far too soon.

resource "google_monitoring_custom_service" "studiox" {
  count        = var.deployed ? 1 : 0
  service_id   = "studiox"
  display_name = "StudioX"
  depends_on   = [google_project_service.needed]
}

locals {
  counts = "metric.type=\"run.googleapis.com/request_count\" AND ${local.functions}"
  ended  = "metric.type=\"logging.googleapis.com/user/studiox_job_ended\" AND ${local.functions}"
  orders = "resource.labels.service_name=monitoring.regex.full_match(\"createstudiojob|creategenerationrequest\")"
  hooks  = "resource.labels.service_name=monitoring.regex.full_match(\"${local.services.webhooks}\")"

  objectives = {
    # A refusal (no tokens, a wrong parameter) is an answer. 5xx is a failure: ours, or no provider accepts orders.
    order-accepted = {
      name  = "An order is accepted or refused, and does not fail"
      goal  = 0.995
      total = "${local.counts} AND ${local.orders}"
      bad   = "${local.counts} AND ${local.orders} AND metric.labels.response_code_class=\"5xx\""
    }
    # Its deadline is that of its kind (studio/lifecycle.py). A job that fails before, with a refund, is settled.
    job-settled = {
      name  = "A job ends before its deadline"
      goal  = 0.99
      total = local.ended
      bad   = "${local.ended} AND metric.labels.event=\"Expired\""
    }
    webhook-handled = {
      name  = "A webhook's event is handled the first time"
      goal  = 0.995
      total = "${local.counts} AND ${local.hooks}"
      bad   = "${local.counts} AND ${local.hooks} AND metric.labels.response_code_class=\"5xx\""
    }
  }
}

resource "google_monitoring_slo" "objective" {
  for_each            = var.deployed ? local.objectives : {}
  service             = google_monitoring_custom_service.studiox[0].service_id
  slo_id              = each.key
  display_name        = each.value.name
  goal                = each.value.goal
  rolling_period_days = 28
  depends_on          = [google_logging_metric.event]

  request_based_sli {
    good_total_ratio {
      total_service_filter = each.value.total
      bad_service_filter   = each.value.bad
    }
  }
}

resource "google_monitoring_alert_policy" "burn" {
  for_each              = google_monitoring_slo.objective
  display_name          = "StudioX: ${each.value.display_name}: the objective is in danger"
  combiner              = "OR"
  notification_channels = local.channels

  dynamic "conditions" {
    # As in Google's SRE workbook: 2 % of the allowed failures within an hour, 5 % within six.
    for_each = { "3600s" = 14.4, "21600s" = 6 }
    content {
      display_name = "${each.key}, ${conditions.key}"
      condition_threshold {
        filter          = "select_slo_burn_rate(\"${each.value.name}\", \"${conditions.key}\")"
        comparison      = "COMPARISON_GT"
        threshold_value = conditions.value
        duration        = "0s"
      }
    }
  }

  documentation {
    content = "docs/operations.md, Watching"
  }
}
