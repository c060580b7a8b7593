# Alerts on metrics, once the functions are deployed. docs/operations.md says what to do for each.

resource "google_monitoring_uptime_check_config" "health" {
  count        = var.deployed ? 1 : 0
  display_name = "StudioX health"
  timeout      = "10s"
  period       = "300s"
  depends_on   = [google_project_service.needed]

  http_check {
    path         = "/health"
    port         = 443
    use_ssl      = true
    validate_ssl = true
  }

  monitored_resource {
    type = "uptime_url"
    labels = {
      project_id = var.project
      host       = "${var.region}-${var.project}.cloudfunctions.net"
    }
  }
}

resource "google_monitoring_alert_policy" "health" {
  count                 = var.deployed ? 1 : 0
  display_name          = "StudioX: health does not answer"
  combiner              = "OR"
  notification_channels = local.channels

  conditions {
    display_name = "health"
    condition_threshold {
      filter          = "resource.type=\"uptime_url\" AND metric.type=\"monitoring.googleapis.com/uptime_check/check_passed\" AND metric.labels.check_id=\"${google_monitoring_uptime_check_config.health[0].uptime_check_id}\""
      comparison      = "COMPARISON_GT"
      threshold_value = 1
      duration        = "300s"
      aggregations {
        alignment_period     = "300s"
        per_series_aligner   = "ALIGN_NEXT_OLDER"
        cross_series_reducer = "REDUCE_COUNT_FALSE"
        group_by_fields      = ["resource.label.host"]
      }
    }
  }

  documentation {
    content = "docs/operations.md, Watching"
  }
}

locals {
  # Cloud Run's service has the function's name in lower case.
  webhooks = ["stripeWebhook", "poyoWebhook", "piapiWebhook"]
  queues   = ["settleStudioJob", "makeRenditions", "cleanUp", "workShard", "payTopUp"]
  # These ask a vendor, or copy much, before they answer.
  slow = [
    "cancelSubscription", "confirmCheckout", "createCheckoutSession", "createGenerationRequest", "createPortalSession",
    "createStudioJob", "deleteAccount", "exportAccount", "generateLyrics", "getJobStatus",
    "previewSubscription", "retryWebhooks", "runWeeklyReport", "setAutoTopUp", "updateSubscription",
  ]
  background = [
    "auditLedger", "cleanUp", "dispatchStudioJobs", "makeRenditions", "measureModels", "payTopUp", "reconcilePayments",
    "resetMonthlyTokens", "settleStudioJob", "sweepMedia", "weeklyReport", "workShard",
  ]
  services = {
    webhooks   = lower(join("|", local.webhooks))
    queues     = join("|", local.queues)
    slow       = lower(join("|", local.slow))
    background = lower(join("|", local.background))
  }

  # PromQL asks which resource a metric is of, where it may be of several.
  on_run      = "monitored_resource=\"cloud_run_revision\""
  on_task     = "monitored_resource=\"cloud_tasks_queue\""
  on_schedule = "monitored_resource=\"cloud_scheduler_job\""
  on_quota    = "monitored_resource=\"consumer_quota\""

  # The metrics, as PromQL names them.
  requests = "run_googleapis_com:request_count"
  latency  = "run_googleapis_com:request_latencies_bucket"
  attempts = "cloudtasks_googleapis_com:queue_task_attempt_count"
  delays   = "cloudtasks_googleapis_com:queue_task_attempt_delays_bucket"
  counted  = "logging_googleapis_com:user_studiox"

  # Each query returns a series while something is wrong. `for` is how long it has to last.
  watched = {
    errors = {
      name  = "StudioX: a function answers 5xx"
      query = <<-Q
        sum by (service_name) (increase(${local.requests}{${local.on_run},response_code_class="5xx"}[10m])) >= 5
          and sum by (service_name) (increase(${local.requests}{${local.on_run},response_code_class="5xx"}[10m]))
            / sum by (service_name) (increase(${local.requests}{${local.on_run}}[10m])) > 0.05
      Q
      for   = "0s"
    }
    latency = {
      name  = "StudioX: answers are slow"
      query = <<-Q
        histogram_quantile(0.95, sum by (le) (rate(${local.latency}{${local.on_run},service_name!~"${local.services.slow}|${local.services.background}"}[10m]))) > 2000
          and sum(increase(${local.requests}{${local.on_run},service_name!~"${local.services.slow}|${local.services.background}"}[10m])) > 20
      Q
      for   = "600s"
    }
    latency_slow = {
      name  = "StudioX: answers that wait for a vendor are slow"
      query = <<-Q
        histogram_quantile(0.95, sum by (le) (rate(${local.latency}{${local.on_run},service_name=~"${local.services.slow}"}[10m]))) > 15000
          and sum(increase(${local.requests}{${local.on_run},service_name=~"${local.services.slow}"}[10m])) > 20
      Q
      for   = "600s"
    }
    webhooks = {
      name  = "StudioX: webhooks fail"
      query = "sum by (service_name) (increase(${local.requests}{${local.on_run},service_name=~\"${local.services.webhooks}\",response_code_class=\"5xx\"}[15m])) >= 3"
      for   = "0s"
    }
    webhooks_refused = {
      name  = "StudioX: webhooks are refused"
      query = "sum by (message) (increase(${local.counted}_webhook_refused{${local.on_run}}[1h])) > 20"
      for   = "0s"
    }
    queue_depth = {
      name  = "StudioX: a queue is long"
      query = "max by (queue_id) (cloudtasks_googleapis_com:queue_depth{${local.on_task},queue_id=~\"${local.services.queues}\"}) > 1000"
      for   = "600s"
    }
    queue_age = {
      name  = "StudioX: tasks wait long"
      query = "histogram_quantile(0.95, sum by (le, queue_id) (rate(${local.delays}{${local.on_task},queue_id=~\"${local.services.queues}\"}[10m]))) > 300000"
      for   = "600s"
    }
    # Also where Cloud Run refuses the task and no function sees it.
    tasks = {
      name  = "StudioX: tasks fail"
      query = <<-Q
        sum by (queue_id) (increase(${local.attempts}{${local.on_task},queue_id=~"${local.services.queues}",response_code!~"(?i)ok|2.."}[15m])) >= 5
          and sum by (queue_id) (increase(${local.attempts}{${local.on_task},queue_id=~"${local.services.queues}",response_code!~"(?i)ok|2.."}[15m]))
            / sum by (queue_id) (increase(${local.attempts}{${local.on_task},queue_id=~"${local.services.queues}"}[15m])) > 0.5
      Q
      for   = "0s"
    }
    # Without the dispatcher, jobs that nobody polls never end.
    dispatcher_silent = {
      name  = "StudioX: the dispatcher is silent"
      query = "(sum(increase(${local.requests}{${local.on_run},service_name=\"dispatchstudiojobs\"}[10m])) or vector(0)) < 1"
      for   = "60s"
    }
    dispatcher_fails = {
      name  = "StudioX: the dispatcher fails"
      query = <<-Q
        sum(increase(${local.requests}{${local.on_run},service_name="dispatchstudiojobs",response_code_class="5xx"}[10m])) >= 3
          or sum(increase(${local.counted}_schedule_interrupted{${local.on_run},function="dispatchStudioJobs"}[10m])) >= 3
          or sum(increase(${local.counted}_schedule_failed{${local.on_schedule},job_id=~".*dispatchStudioJobs.*"}[10m])) >= 3
      Q
      for   = "0s"
    }
    reset = {
      name  = "StudioX: the monthly reset did not run"
      query = "(sum(increase(${local.counted}_schedule_done{${local.on_run},message=\"monthly_reset\"}[25h])) or vector(0)) < 1"
      for   = "3600s"
    }
    audit = {
      name  = "StudioX: the audit did not run"
      query = "(sum(increase(${local.counted}_schedule_done{${local.on_run},message=\"ledger_audit\"}[25h])) or vector(0)) < 1"
      for   = "3600s"
    }
    sweep = {
      name  = "StudioX: the media sweep did not run"
      query = "(sum(increase(${local.counted}_schedule_done{${local.on_run},message=\"media_sweep\"}[25h])) or vector(0)) < 1"
      for   = "3600s"
    }
    report = {
      name  = "StudioX: the weekly report was not made"
      query = "(sum(increase(${local.counted}_schedule_done{${local.on_run},message=\"report_made\"}[8d])) or vector(0)) < 1"
      for   = "3600s"
    }
    reconciliation = {
      name  = "StudioX: payments are not reconciled"
      query = "(sum(increase(${local.requests}{${local.on_run},service_name=\"reconcilepayments\",response_code_class=\"2xx\"}[3h])) or vector(0)) < 1"
      for   = "600s"
    }
    times = {
      name  = "StudioX: the models are not timed"
      query = "(sum(increase(${local.requests}{${local.on_run},service_name=\"measuremodels\",response_code_class=\"2xx\"}[3h])) or vector(0)) < 1"
      for   = "600s"
    }
    # Cloud Run reports this quota as a concurrent one or as an allocation.
    cpu = {
      name  = "StudioX: the CPU quota is nearly used up"
      query = <<-Q
        max(serviceruntime_googleapis_com:quota_concurrent_usage{${local.on_quota},quota_metric="run.googleapis.com/cpu_allocation"})
            / min(serviceruntime_googleapis_com:quota_concurrent_limit{${local.on_quota},quota_metric="run.googleapis.com/cpu_allocation",limit_name="CpuAllocPerProjectRegion"}) > 0.8
          or max(serviceruntime_googleapis_com:quota_allocation_usage{${local.on_quota},quota_metric="run.googleapis.com/cpu_allocation"})
            / min(serviceruntime_googleapis_com:quota_limit{${local.on_quota},quota_metric="run.googleapis.com/cpu_allocation",limit_name="CpuAllocPerProjectRegion"}) > 0.8
      Q
      for   = "300s"
    }
  }
}

resource "google_monitoring_alert_policy" "watched" {
  for_each              = var.deployed ? local.watched : {}
  display_name          = each.value.name
  combiner              = "OR"
  notification_channels = local.channels
  # A metric of the log exists from its first line on.
  depends_on = [google_logging_metric.event, google_logging_metric.schedule_failed]

  conditions {
    display_name = each.value.name
    condition_prometheus_query_language {
      query                     = trimspace(each.value.query)
      duration                  = each.value.for
      evaluation_interval       = "60s"
      disable_metric_validation = true
    }
  }

  alert_strategy {
    auto_close = "86400s"
  }

  documentation {
    content = "docs/operations.md, Watching"
  }
}
