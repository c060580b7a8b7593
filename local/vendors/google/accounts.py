"""The APIs of the project itself: services, permissions, accounts, secrets, and who signs in."""

from __future__ import annotations

from local.vendors.google.project import NOW, NUMBER, Call, Project, Refused, Resource, get, route


@route("POST", "www", "/oauth2/v3/token")
def token(project: Project, call: Call) -> Resource:
    return {"access_token": "ya29.local", "expires_in": 3599, "token_type": "Bearer", "scope": "", "id_token": "local"}


@route("GET", "serviceusage", "/v1/projects/{parent}/services/{api}")
def service(project: Project, call: Call, parent: str, api: str) -> Resource:
    name = f"projects/{NUMBER}/services/{api}"
    return {"name": name, "config": {"name": api}, "state": project.services.get(api, "DISABLED")}


@route("POST", "serviceusage", "/v1/projects/{parent}/services/{api}:enable")
def enable(project: Project, call: Call, parent: str, api: str) -> Resource:
    project.services[api] = "ENABLED"
    return {"name": "operations/acat.local", "done": True}


@route("POST", "serviceusage", "/v1beta1/projects/{parent}/services/{api}:generateServiceIdentity")
def identity(project: Project, call: Call, parent: str, api: str) -> Resource:
    return {
        "name": "operations/finished.DONE_OPERATION",
        "done": True,
        "response": {"email": f"service-{NUMBER}@{api}"},
    }


@route("GET", "cloudresourcemanager", "/v1/projects/{id}")
def resource(project: Project, call: Call, id: str) -> Resource:
    return {"projectNumber": NUMBER, "projectId": project.id, "lifecycleState": "ACTIVE", "name": project.id}


@route("POST", "cloudresourcemanager", "/v1/projects/{id}:testIamPermissions")
def permissions(project: Project, call: Call, id: str) -> Resource:
    return {"permissions": call.body["permissions"]}


@route("POST", "iam", "/v1/projects/{parent}/serviceAccounts/{email}:testIamPermissions")
def may_act_as(project: Project, call: Call, parent: str, email: str) -> Resource:
    return {"permissions": call.body["permissions"]}


@route("POST", "cloudresourcemanager", "/v1/projects/{id}:getIamPolicy")
def policy(project: Project, call: Call, id: str) -> Resource:
    return project.policies.get("project", {"version": 1, "etag": "BwX=", "bindings": []})


@route("POST", "cloudresourcemanager", "/v1/projects/{id}:setIamPolicy")
def set_policy(project: Project, call: Call, id: str) -> Resource:
    project.policies["project"] = call.body["policy"]
    return project.policies["project"]


@route("GET", "firebase", "/v1beta1/projects/{id}")
def firebase_project(project: Project, call: Call, id: str) -> Resource:
    resources = {"hostingSite": project.id, "storageBucket": f"{project.id}.firebasestorage.app"}
    return {"projectId": project.id, "projectNumber": NUMBER, "displayName": project.id, "resources": resources}


@route("GET", "firebase", "/v1beta1/projects/{id}/adminSdkConfig")
def config(project: Project, call: Call, id: str) -> Resource:
    return {"projectId": project.id, "storageBucket": f"{project.id}.firebasestorage.app"}


@route("GET", "cloudbilling", "/v1/projects/{id}/billingInfo")
def billing(project: Project, call: Call, id: str) -> Resource:
    account = "billingAccounts/000000-000000-000000"
    return {"projectId": project.id, "billingAccountName": account, "billingEnabled": True}


@route("GET", "compute", "/compute/v1/projects/{id}")
def compute(project: Project, call: Call, id: str) -> Resource:
    return {"name": project.id, "defaultServiceAccount": project.account}


@route("GET", "secretmanager", "/v1/projects/{parent}/secrets")
def secrets(project: Project, call: Call, parent: str) -> Resource:
    return {"secrets": [_secret(name) for name in project.secrets], "totalSize": len(project.secrets)}


@route("GET", "secretmanager", "/v1/projects/{parent}/secrets/{name}")
def secret(project: Project, call: Call, parent: str, name: str) -> Resource:
    _versions_of(project, name)
    return _secret(name)


@route("GET", "secretmanager", "/v1/projects/{parent}/secrets/{name}/versions")
def secret_versions(project: Project, call: Call, parent: str, name: str) -> Resource:
    states = _versions_of(project, name)
    return {"versions": [_version(name, number, states) for number in range(len(states), 0, -1)]}


@route("GET", "secretmanager", "/v1/projects/{parent}/secrets/{name}/versions/{version}")
def secret_version(project: Project, call: Call, parent: str, name: str, version: str) -> Resource:
    states = _versions_of(project, name)
    number = len(states) if version == "latest" else int(version)
    if not 0 < number <= len(states):
        raise Refused(404, f"Secret Version [projects/{NUMBER}/secrets/{name}/versions/{version}] not found.")
    return _version(name, number, states)


@route("GET", "secretmanager", "/v1/projects/{parent}/secrets/{name}:getIamPolicy")
def secret_policy(project: Project, call: Call, parent: str, name: str) -> Resource:
    _versions_of(project, name)
    return project.policies.get(f"secrets/{name}", {"etag": "ACAB"})


@route("POST", "secretmanager", "/v1/projects/{parent}/secrets/{name}:setIamPolicy")
def set_secret_policy(project: Project, call: Call, parent: str, name: str) -> Resource:
    _versions_of(project, name)
    project.policies[f"secrets/{name}"] = call.body["policy"]
    return project.policies[f"secrets/{name}"]


def _secret(name: str) -> Resource:
    return {"name": f"projects/{NUMBER}/secrets/{name}", "replication": {"automatic": {}}, "createTime": NOW}


def _version(name: str, number: int, states: list[str]) -> Resource:
    full = f"projects/{NUMBER}/secrets/{name}/versions/{number}"
    return {"name": full, "state": states[number - 1], "createTime": NOW}


def _versions_of(project: Project, name: str) -> list[str]:
    if name not in project.secrets:
        raise Refused(404, f"Secret [projects/{NUMBER}/secrets/{name}] not found or has no versions.")
    return project.secrets[name]


@route("GET", "identitytoolkit", "/admin/v2/projects/{id}/config")
def auth(project: Project, call: Call, id: str) -> Resource:
    return {"name": f"projects/{NUMBER}/config", **project.auth}


@route("PATCH", "identitytoolkit", "/admin/v2/projects/{id}/config")
def set_auth(project: Project, call: Call, id: str) -> Resource:
    for mask in call.query["updateMask"].split(","):
        project.auth[mask] = call.body[mask]
    return {"name": f"projects/{NUMBER}/config", **project.auth}


@route("GET", "artifactregistry", "/v1/{name*}")
def repository(project: Project, call: Call, name: str) -> Resource:
    return get(project.repositories, name, "Repository")


@route("PATCH", "artifactregistry", "/v1/{name*}")
def set_repository(project: Project, call: Call, name: str) -> Resource:
    get(project.repositories, name, "Repository").update(call.body)
    return project.repositories[name]
