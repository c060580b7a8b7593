"""One function of each kind that the local stack must be able to drive."""

import json
import sys

import firebase_admin
import flask
from firebase_functions import https_fn, identity_fn, options, scheduler_fn, tasks_fn
from firebase_functions.params import IntParam, SecretParam, StringParam

firebase_admin.initialize_app()
# Expressions, as in the functions that are deployed: the manifest holds them, and whoever serves it evaluates them.
REGION = StringParam("REGION")
MAX_INSTANCES = IntParam("MAX_INSTANCES")
options.set_global_options(region=str(REGION), max_instances=MAX_INSTANCES, concurrency=80, memory=256, cpu=1)
WELCOME_TOKENS = StringParam("WELCOME_TOKENS")
POYO_BASE_URL = StringParam("POYO_BASE_URL")
POYO_API_KEY = SecretParam("POYO_API_KEY")


def note(**fields: object) -> None:
    sys.stdout.write(json.dumps(fields) + "\n")
    sys.stdout.flush()


@https_fn.on_call(secrets=[POYO_API_KEY])
def hello(request: https_fn.CallableRequest[object]) -> dict[str, object]:
    return {
        "uid": request.auth.uid if request.auth else None,
        "poyo": POYO_BASE_URL.value,
        "key": POYO_API_KEY.value,
        "welcome": WELCOME_TOKENS.value,
    }


@scheduler_fn.on_schedule(schedule="every 1 minutes")
def dispatchStudioJobs(event: scheduler_fn.ScheduledEvent) -> None:
    note(dispatched=event.job_name)


@identity_fn.before_user_created()
def onUserCreated(event: identity_fn.AuthBlockingEvent) -> None:
    note(created=event.data.uid)


@tasks_fn.on_task_dispatched()
def settleStudioJob(request: https_fn.CallableRequest[object]) -> None:
    note(task=request.data)


@https_fn.on_request(cors=options.CorsOptions(cors_origins=["http://a.example"], cors_methods=["post"]))
def echo(request: flask.Request) -> flask.Response:
    """What arrives of a request."""
    told = {"method": request.method, "path": request.path, "query": request.query_string.decode()}
    return flask.Response(json.dumps({**told, "body": request.get_data(as_text=True)}), 201)
