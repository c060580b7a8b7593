# One page for operators: orders, jobs, requests, queues, Firestore's operations.

locals {
  charts = [
    { title = "Orders by answer", query = "sum by (response_code_class) (rate(${local.requests}{${local.on_run},service_name=~\"createstudiojob|creategenerationrequest\"}[5m]))" },
    { title = "Jobs ended by status", query = "sum by (status) (increase(${local.counted}_job_ended{${local.on_run}}[1h]))" },
    { title = "Seconds from order to end, p95", query = "histogram_quantile(0.95, sum by (le, status) (rate(${local.counted}_job_seconds_bucket{${local.on_run}}[1h])))" },
    { title = "Job events", query = "sum by (event) (increase(${local.counted}_job_event{${local.on_run}}[15m]))" },
    { title = "Refusals by reason", query = "sum by (reason) (increase(${local.counted}_refused{${local.on_run}}[15m]))" },
    { title = "5xx by function", query = "sum by (service_name) (increase(${local.requests}{${local.on_run},response_code_class=\"5xx\"}[15m]))" },
    { title = "Milliseconds to answer, p95", query = "histogram_quantile(0.95, sum by (le, service_name) (rate(${local.latency}{${local.on_run},service_name!~\"${local.services.background}\"}[15m])))" },
    { title = "Webhooks by answer", query = "sum by (service_name, response_code_class) (increase(${local.requests}{${local.on_run},service_name=~\"${local.services.webhooks}\"}[15m]))" },
    { title = "Tasks that wait", query = "max by (queue_id) (cloudtasks_googleapis_com:queue_depth{${local.on_task}})" },
    { title = "Milliseconds that tasks wait, p95", query = "histogram_quantile(0.95, sum by (le, queue_id) (rate(${local.delays}{${local.on_task}}[15m])))" },
    { title = "Runs of schedules and tasks by answer", query = "sum by (service_name, response_code_class) (increase(${local.requests}{${local.on_run},service_name=~\"${local.services.background}\"}[1h]))" },
    { title = "Instances by state", query = "sum by (state) (run_googleapis_com:container_instance_count{${local.on_run}})" },
    { title = "vCPU in use", query = "sum(rate(run_googleapis_com:container_cpu_allocation_time{${local.on_run}}[5m]))" },
    { title = "Documents read and written in a second", query = "label_replace(sum(rate(firestore_googleapis_com:document_read_count{monitored_resource=\"firestore_instance\"}[15m])), \"of\", \"reads\", \"\", \"\") or label_replace(sum(rate(firestore_googleapis_com:document_write_count{monitored_resource=\"firestore_instance\"}[15m])), \"of\", \"writes\", \"\", \"\")" },
  ]
}

resource "google_monitoring_dashboard" "studiox" {
  count = var.deployed ? 1 : 0
  dashboard_json = jsonencode({
    displayName = "StudioX"
    mosaicLayout = {
      columns = 48
      tiles = [for number, chart in local.charts : {
        width  = 24
        height = 16
        xPos   = number % 2 * 24
        yPos   = floor(number / 2) * 16
        widget = {
          title = chart.title
          xyChart = {
            dataSets = [{
              plotType        = "LINE"
              timeSeriesQuery = { prometheusQuery = chart.query }
            }]
          }
        }
      }]
    }
  })
  depends_on = [google_project_service.needed]
}
