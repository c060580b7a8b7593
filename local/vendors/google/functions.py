"""The APIs of what runs: Cloud Functions, Cloud Run, Cloud Tasks and Cloud Scheduler."""

from __future__ import annotations

import hashlib
from typing import Any

from local.vendors.google.project import EVERYBODY, NOW, Call, Project, Refused, Resource, get, route

EXHAUSTED = 8
FAILED_PRECONDITION = 9
ACCESSOR = "roles/secretmanager.secretAccessor"


@route("GET", "cloudfunctions", "/v1/projects/{parent}/locations/-/functions")
def first_generation(project: Project, call: Call, parent: str) -> Resource:
    return {}


@route("GET", "cloudfunctions", "/v2/projects/{parent}/locations/-/functions")
def listed(project: Project, call: Call, parent: str) -> Resource:
    return {"functions": list(project.functions.values())} if project.functions else {}


@route("GET", "cloudfunctions", "/v2/{name*}")
def function_or_operation(project: Project, call: Call, name: str) -> Resource:
    return get(project.operations if "/operations/" in name else project.functions, name, "Resource")


@route("POST", "cloudfunctions", "/v2/{location*}/functions:generateUploadUrl")
def upload_url(project: Project, call: Call, location: str) -> Resource:
    source = {"bucket": f"gcf-v2-uploads-{location.split('/')[-1]}", "object": project.named("source-{}.zip")}
    url = f"https://storage.googleapis.com/{source['bucket']}/{source['object']}?GoogleAccessId=local&Signature=local"
    return {"uploadUrl": url, "storageSource": source}


@route("PUT", "storage", "/{bucket}/{object}")
def upload(project: Project, call: Call, bucket: str, object: str) -> tuple[Resource, dict[str, str]]:
    project.sources[object] = call.body
    return {}, {"x-goog-generation": "1"}


@route("POST", "cloudfunctions", "/v2/{location*}/functions")
def create(project: Project, call: Call, location: str) -> Resource:
    name = f"{location}/functions/{call.query['functionId']}"
    if name in project.functions:
        raise Refused(409, f"Could not create Cloud Function {name}. A function with this name already exists.")
    repository = f"{location}/repositories/gcf-artifacts"
    project.repositories.setdefault(repository, {"name": repository, "format": "DOCKER"})
    return _deployed(project, name, {}, call.body)


@route("PATCH", "cloudfunctions", "/v2/{name*}")
def update(project: Project, call: Call, name: str) -> Resource:
    return _deployed(project, name, get(project.functions, name, "Function"), call.body)


@route("DELETE", "cloudfunctions", "/v2/{name*}")
def delete(project: Project, call: Call, name: str) -> Resource:
    function = get(project.functions, name, "Function")
    del project.functions[name]
    project.policies.pop(function.get("serviceConfig", {}).get("service", ""), None)
    return project.operation(name.split("/functions/")[0])


def _deployed(project: Project, name: str, before: Resource, given: Resource) -> Resource:
    location, _, short = name.partition("/functions/")
    region = location.split("/")[-1]
    if given["buildConfig"]["source"]["storageSource"]["object"] not in project.sources:
        raise Refused(400, f"Could not create Cloud Function {name}: the source object does not exist.")
    run = short.lower().replace("_", "-")
    uri = f"https://{run}-{hashlib.sha256(name.encode()).hexdigest()[:10]}-uc.a.run.app"
    service = {
        "ingressSettings": "ALLOW_ALL",
        "allTrafficOnLatestRevision": True,
        **given["serviceConfig"],
        "serviceAccountEmail": given["serviceConfig"].get("serviceAccountEmail") or project.account,
        "service": f"{location}/services/{run}",
        "uri": uri,
    }
    function = {**before, **given, "name": name, "environment": "GEN_2", "updateTime": NOW, "serviceConfig": service}
    error = _denied_secret(project, service) or _over_quota(project, name, service)
    if error:
        project.functions[name] = {**function, "state": "FAILED"}
        return project.operation(location, error=error)
    url = f"https://{region}-{project.id}.cloudfunctions.net/{short}"
    project.functions[name] = {**function, "state": "ACTIVE", "url": url}
    return project.operation(location, project.functions[name])


def _denied_secret(project: Project, service: Resource) -> Resource | None:
    member = f"serviceAccount:{service['serviceAccountEmail']}"
    for each in service.get("secretEnvironmentVariables", []):
        bindings = project.policies.get(f"secrets/{each['secret']}", {}).get("bindings", [])
        if not any(binding["role"] == ACCESSOR and member in binding["members"] for binding in bindings):
            message = f"Permission denied on secret: {each['secret']} for Revision service account {member}."
            return {"code": FAILED_PRECONDITION, "message": message}
    return None


def _over_quota(project: Project, name: str, service: Resource) -> Resource | None:
    services = {n: f["serviceConfig"] for n, f in project.functions.items() if f["state"] == "ACTIVE"} | {name: service}
    used = sum(float(each["availableCpu"]) for each in services.values())
    if used <= project.cpu_quota:
        return None
    message = (
        f"Could not create or update Cloud Run service {name.split('/')[-1].lower()}, Quota exceeded for total "
        f"allowable CPU per project per region. Quota violated: CpuAllocPerProjectRegion requested: {used * 1000:.0f} "
        f"allowed: {project.cpu_quota * 1000:.0f}. See https://cloud.google.com/run/quotas"
    )
    return {"code": EXHAUSTED, "message": message}


@route("GET", "run", "/v1/{name*}:getIamPolicy")
def policy(project: Project, call: Call, name: str) -> Resource:
    _service(project, name)
    return project.policies.get(name, {"etag": "ACAB"})


@route("GET", "run", "/v2/{name*}")
def service(project: Project, call: Call, name: str) -> Resource:
    _service(project, name)
    return {"name": name, "invokerIamDisabled": name in project.unchecked}


@route("POST", "run", "/v1/{name*}:setIamPolicy")
def set_policy(project: Project, call: Call, name: str) -> Resource:
    _service(project, name)
    members = [member for binding in call.body["policy"].get("bindings", []) for member in binding["members"]]
    if project.forbids_everybody and EVERYBODY in members:
        message = "One or more users named in the policy do not belong to a permitted customer."
        raise Refused(400, message, status="FAILED_PRECONDITION")
    project.policies[name] = {**call.body["policy"], "etag": "BwXhqDVWjW8="}
    return project.policies[name]


def _service(project: Project, name: str) -> None:
    if name not in {function["serviceConfig"]["service"] for function in project.functions.values()}:
        raise Refused(404, f"Resource '{name.split('/')[-1]}' of kind 'SERVICE' does not exist.")


@route("GET", "cloudtasks", "/v2/{location*}/queues")
def queues(project: Project, call: Call, location: str) -> Resource:
    return {"queues": list(project.queues.values())} if project.queues else {}


@route("GET", "cloudtasks", "/v2/{name*}")
def queue(project: Project, call: Call, name: str) -> Resource:
    return get(project.queues, name, "Queue")


@route("POST", "cloudtasks", "/v2/{location*}/queues")
def create_queue(project: Project, call: Call, location: str) -> Resource:
    if call.body["name"] in project.queues:
        raise Refused(409, "Queue already exists")
    project.queues[call.body["name"]] = call.body
    return call.body  # type: ignore[no-any-return]


@route("PATCH", "cloudtasks", "/v2/{name*}")
def update_queue(project: Project, call: Call, name: str) -> Resource:
    get(project.queues, name, "Queue").update(call.body)
    return project.queues[name]


@route("POST", "cloudtasks", "/v2/{name*}:getIamPolicy")
def queue_policy(project: Project, call: Call, name: str) -> Resource:
    return project.policies.get(name, {"etag": "ACAB"})


@route("POST", "cloudtasks", "/v2/{name*}:setIamPolicy")
def set_queue_policy(project: Project, call: Call, name: str) -> Resource:
    project.policies[name] = call.body["policy"]
    return project.policies[name]


@route("GET", "cloudscheduler", "/v1/{location*}/jobs")
def jobs(project: Project, call: Call, location: str) -> Resource:
    return {"jobs": list(project.jobs.values())} if project.jobs else {}


@route("GET", "cloudscheduler", "/v1/{location*}/jobs/{job}")
def job(project: Project, call: Call, location: str, job: str) -> Resource:
    return get(project.jobs, f"{location}/jobs/{job}", "Job")


@route("POST", "cloudscheduler", "/v1/{location*}/jobs")
def create_job(project: Project, call: Call, location: str) -> Resource:
    project.jobs[call.body["name"]] = {**call.body, "state": "ENABLED"}
    return project.jobs[call.body["name"]]


@route("PATCH", "cloudscheduler", "/v1/{name*}")
def update_job(project: Project, call: Call, name: str) -> Resource:
    get(project.jobs, name, "Job").update(call.body)
    return project.jobs[name]


@route("DELETE", "cloudscheduler", "/v1/{name*}")
def delete_job(project: Project, call: Call, name: str) -> Any:
    get(project.jobs, name, "Job")
    del project.jobs[name]
    return {}
