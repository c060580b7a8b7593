"""The APIs of Firebase's other products: rules, Firestore's indexes, the default bucket, and Hosting."""

from __future__ import annotations

import gzip

from local.vendors.google.project import NOW, NUMBER, Call, Project, Refused, Resource, get, route


@route("POST", "firebaserules", "/v1/projects/{id}:test")
def test_rules(project: Project, call: Call, id: str) -> Resource:
    return {}


@route("GET", "firebaserules", "/v1/projects/{id}/releases")
def releases(project: Project, call: Call, id: str) -> Resource:
    return {"releases": list(project.releases.values())} if project.releases else {}


@route("POST", "firebaserules", "/v1/projects/{id}/rulesets")
def create_ruleset(project: Project, call: Call, id: str) -> Resource:
    name = project.named(f"projects/{id}/rulesets/ruleset-{{}}")
    project.rulesets[name] = {"name": name, "createTime": NOW, **call.body}
    return project.rulesets[name]


@route("GET", "firebaserules", "/v1/projects/{id}/rulesets/{ruleset}")
def ruleset(project: Project, call: Call, id: str, ruleset: str) -> Resource:
    return get(project.rulesets, f"projects/{id}/rulesets/{ruleset}", "Ruleset")


@route("POST", "firebaserules", "/v1/projects/{id}/releases")
def create_release(project: Project, call: Call, id: str) -> Resource:
    if call.body["name"] in project.releases:
        raise Refused(409, "Requested entity already exists")
    project.releases[call.body["name"]] = {**call.body, "createTime": NOW, "updateTime": NOW}
    return project.releases[call.body["name"]]


@route("PATCH", "firebaserules", "/v1/{name*}")
def update_release(project: Project, call: Call, name: str) -> Resource:
    get(project.releases, name, "Release").update(call.body["release"], updateTime=NOW)
    return project.releases[name]


@route("GET", "firestore", "/v1/projects/{id}/databases/{database}")
def database(project: Project, call: Call, id: str, database: str) -> Resource:
    return get(project.databases, f"projects/{id}/databases/{database}", "Database")


@route("GET", "firestore", "/v1/{group*}/indexes")
def indexes(project: Project, call: Call, group: str) -> Resource:
    found = []
    for index in project.indexes.values():
        found.append({**index, "state": "READY" if index["listings"] >= project.index_listings else "CREATING"})
        index["listings"] += 1
    return {"indexes": [{key: value for key, value in index.items() if key != "listings"} for index in found]}


@route("POST", "firestore", "/v1/{group*}/indexes")
def create_index(project: Project, call: Call, group: str) -> Resource:
    name = project.named(group + "/indexes/CICAg{}")
    project.indexes[name] = {"name": name, "listings": 0, **call.body}
    return {"name": project.named(f"projects/{project.id}/databases/(default)/operations/S{{}}")}


@route("GET", "firestore", "/v1/{group*}/fields")
def fields(project: Project, call: Call, group: str) -> Resource:
    return {"fields": list(project.fields.values())} if project.fields else {}


@route("PATCH", "firestore", "/v1/{name*}")
def update_field(project: Project, call: Call, name: str) -> Resource:
    states = [{**index, "state": "READY"} for index in call.body.get("indexConfig", {}).get("indexes", [])]
    field: Resource = {"name": name, "indexConfig": {"indexes": states}}
    if "ttlConfig" in call.body:
        field["ttlConfig"] = {"state": "CREATING"}
    project.fields[name] = field
    return {"name": project.named(f"projects/{project.id}/databases/(default)/operations/S{{}}")}


@route("GET", "firebasestorage", "/v1alpha/projects/{id}/defaultBucket")
def default_bucket(project: Project, call: Call, id: str) -> Resource:
    bucket = f"projects/{NUMBER}/buckets/{project.id}.firebasestorage.app"
    return {"name": f"projects/{NUMBER}/defaultBucket", "bucket": {"name": bucket}}


@route("GET", "firebasehosting", "/v1beta1/projects/{id}/sites/{site}")
def site(project: Project, call: Call, id: str, site: str) -> Resource:
    name = f"projects/{id}/sites/{site}"
    return {"name": name, "defaultUrl": f"https://{site}.web.app", "type": "DEFAULT_SITE"}


@route("POST", "firebasehosting", "/v1beta1/projects/{id}/sites/{site}/versions")
def create_version(project: Project, call: Call, id: str, site: str) -> Resource:
    name = project.named(f"projects/{NUMBER}/sites/{site}/versions/v{{}}")
    project.versions[name] = {**call.body, "name": name, "files": {}}
    return _shown(project, name)


@route("POST", "firebasehosting", "/v1beta1/{name*}:populateFiles")
def populate(project: Project, call: Call, name: str) -> Resource:
    files = call.body["files"]
    get(project.versions, name, "Version")["files"].update(files)
    missing = sorted({hash for hash in files.values() if hash not in project.contents})
    return {
        "uploadRequiredHashes": missing,
        "uploadUrl": f"https://upload-firebasehosting.googleapis.com/upload/{name}/files",
    }


@route("POST", "upload-firebasehosting", "/upload/{version*}/files/{hash}")
def upload_file(project: Project, call: Call, version: str, hash: str) -> Resource:
    gzip.decompress(call.body)
    project.contents[hash] = call.body
    return {}


@route("PATCH", "firebasehosting", "/v1beta1/projects/{id}/sites/{site}/versions/{version}")
def finalize(project: Project, call: Call, id: str, site: str, version: str) -> Resource:
    name = f"projects/{NUMBER}/sites/{site}/versions/{version}"
    made = get(project.versions, name, "Version")
    absent = [hash for hash in made["files"].values() if hash not in project.contents]
    if absent:
        raise Refused(400, f"{len(absent)} files of the version were not uploaded", status="FAILED_PRECONDITION")
    made.update(call.body)
    return _shown(project, name)


@route("POST", "firebasehosting", "/v1beta1/projects/{id}/sites/{site}/channels/{channel}/releases")
def release(project: Project, call: Call, id: str, site: str, channel: str) -> Resource:
    version = get(project.versions, call.query["versionName"], "Version")
    if version["status"] != "FINALIZED":
        raise Refused(400, "The version is not finalized", status="FAILED_PRECONDITION")
    project.released.append(version["name"])
    return {
        "name": project.named(f"sites/{site}/channels/{channel}/releases/{{}}"),
        "version": {"name": version["name"]},
    }


def _shown(project: Project, name: str) -> Resource:
    return {key: value for key, value in project.versions[name].items() if key != "files"}
