"""The stand-in's REST API: Stripe's paths, form encoding, `expand`, pagination and idempotency keys."""

from __future__ import annotations

import json
import re
import threading
import urllib.parse
from collections.abc import Callable, Mapping
from typing import Any

from local.vendors.stripe import objects, off_session, previews
from local.vendors.stripe.account import Account, Refused
from local.vendors.stripe.objects import Object

Params = dict[str, Any]
Handler = Callable[["Api", Params, str], Object]


def parse_form(text: str) -> Params:
    """Decode `a[b][0][c]=1` into nested dicts; numbered members become a list."""
    found: Params = {}
    for name, value in urllib.parse.parse_qsl(text, keep_blank_values=True):
        first, *rest = re.split(r"\[|\]\[|\]", name.removesuffix("]"))
        place: Any = found
        for part, following in zip([first, *rest], [*rest, None], strict=True):
            if following is None:
                if part == "":
                    place[str(len(place))] = value
                else:
                    place[part] = value
            else:
                place = place.setdefault(part, {})
    return {name: _lists(value) for name, value in found.items()}


def _lists(value: Any) -> Any:
    if not isinstance(value, dict):
        return value
    plain = {name: _lists(each) for name, each in value.items()}
    return list(plain.values()) if plain and all(name.isdecimal() for name in plain) else plain


class Api:
    """Answers requests against one account. `requests` records each: (method, path, parameters, idempotency key)."""

    def __init__(self, account: Account, key: str) -> None:
        self.account = account
        self.key = key
        self.requests: list[tuple[str, str, str, str]] = []
        self.down = False
        """While true, every request is answered 503."""
        self._answers: dict[str, tuple[str, int, Object]] = {}
        self._lock = threading.Lock()
        self._key_locks: dict[str, threading.Lock] = {}

    def answer(self, method: str, path: str, form: str, headers: Mapping[str, str]) -> tuple[int, Object]:
        """The status and the JSON of Stripe's answer."""
        key = headers.get("Idempotency-Key", "")
        self.requests.append((method, path, form, key))
        if self.down:
            return 503, {"error": {"type": "api_error", "message": "We are down."}}
        if headers.get("Authorization", "") not in (f"Bearer {self.key}",):
            return 401, {"error": {"type": "invalid_request_error", "message": "Invalid API Key provided."}}
        if not key or method != "POST":
            return self._try(method, path, form)
        with self._lock:
            lock = self._key_locks.setdefault(key, threading.Lock())
        with lock:
            if key not in self._answers:
                self._answers[key] = (f"{path}?{form}", *self._try(method, path, form))
            asked, status, body = self._answers[key]
            if asked != f"{path}?{form}":
                message = "Keys for idempotent requests can only be used with the same parameters."
                return 400, {"error": {"type": "idempotency_error", "message": message}}
            return status, body

    def forget_keys(self) -> None:
        """Forget every idempotency key, as Stripe may after a day."""
        self._answers.clear()

    def _try(self, method: str, path: str, form: str) -> tuple[int, Object]:
        params = parse_form(form)
        expand = params.pop("expand", [])
        for expected, pattern, handler in ROUTES:
            found = re.fullmatch(pattern, path) if expected == method else None
            if found is None:
                continue
            try:
                with self.account.lock:
                    made = handler(self, params, found[1] if found.groups() else "")
                    return 200, self.shown(made, [part.split(".") for part in expand])
            except Refused as error:
                return error.status, error.body
            except (KeyError, ValueError, TypeError, IndexError) as error:
                message = f"Missing or invalid parameter: {error}"
                return 400, {"error": {"type": "invalid_request_error", "message": message}}
        message = f"Unrecognized request URL ({method}: {path})."
        return 404, {"error": {"type": "invalid_request_error", "message": message}}

    def shown(self, made: Object, expand: list[list[str]]) -> Object:
        """A copy without the stand-in's own fields, with the requested fields expanded."""
        copied: Object = objects.copied(made)
        for first, *rest in expand:
            if first == "data":
                copied["data"] = [
                    self.shown(self.account.objects.get(each["id"], each), [rest] if rest else [])
                    for each in made["data"]
                ]
            elif first in ("breakdown", "currency_options"):
                copied[first] = objects.copied(made[f"_{first}"])
            elif rest and isinstance(made.get(first), dict):
                copied[first] = self.shown(made[first], [rest])
            elif made["object"] == "checkout.session" and first == "line_items":
                copied["line_items"] = objects.listed(objects.copied(made["_line_items"]), "/v1/line_items")
            elif made["object"] == "invoice" and first == "payments":
                copied["payments"] = objects.listed(self.account.payments_of(made["id"]), "/v1/invoice_payments")
            elif isinstance(copied.get(first), str):
                copied[first] = self.shown(self.account.objects[copied[first]], [rest] if rest else [])
        return copied

    def page(self, found: list[Object], params: Params, url: str) -> Object:
        """A page of a list, newest first."""
        created = params.get("created", {})
        since = int(created.get("gte", 0)) if isinstance(created, dict) else 0
        kept = [each for each in found if each["created"] >= since]
        if after := params.get("starting_after"):
            names = [each["id"] for each in kept]
            kept = kept[names.index(after) + 1 :] if after in names else []
        size = int(params.get("limit", 10))
        return objects.listed(kept[:size], url, more=len(kept) > size)


def _create_customer(api: Api, params: Params, _: str) -> Object:
    made = api.account.add(objects.customer(params, api.account.now()))
    api.account.emit("customer.created", made)
    return made


def _update_customer(api: Api, params: Params, name: str) -> Object:
    found = api.account.get(name, "customer")
    found.update(params)
    api.account.emit("customer.updated", found)
    return found


def _create_price(api: Api, params: Params, _: str) -> Object:
    return api.account.add(objects.price(params, params["product"], api.account.now()))


def _create_product(api: Api, params: Params, _: str) -> Object:
    return api.account.add(objects.product(params, api.account.now()))


def _create_session(api: Api, params: Params, _: str) -> Object:
    account = api.account
    if params.get("customer"):
        customer = account.get(params["customer"], "customer", "customer")
        saves = params.get("customer_update", {}).get("address") == "auto"
        if params.get("automatic_tax", {}).get("enabled") == "true" and not (saves or customer["address"]):
            message = "Automatic tax calculation in Checkout requires a valid address on the Customer."
            raise Refused(400, message, "customer_tax_location_invalid", "automatic_tax")
    lines = []
    for number, item in enumerate(params["line_items"]):
        quantity = int(item.get("quantity", 1))
        if "price" in item:
            price = account.get(item["price"], "price", f"line_items[{number}][price]")
            name = account.get(price["product"], "product")["name"]
        else:
            data = item["price_data"]
            name = data["product_data"]["name"]
            product = account.add(objects.product({"name": name}, account.now()))
            price = account.add(objects.price(data, product["id"], account.now()))
        lines.append(objects.line_item(price, quantity, name))
    made = objects.session(params, lines, account.base_url, account.now())
    made["_payment_intent_data"] = params.get("payment_intent_data", {})
    made["_subscription_data"] = params.get("subscription_data", {})
    return account.add(made)


def _create_portal(api: Api, params: Params, _: str) -> Object:
    customer = api.account.get(params["customer"], "customer", "customer")
    back = urllib.parse.quote(params.get("return_url", ""), safe="")
    return api.account.add(
        {
            "id": objects.new_id("bps"),
            "object": "billing_portal.session",
            "created": api.account.now(),
            "customer": customer["id"],
            "livemode": False,
            "locale": params.get("locale"),
            "return_url": params.get("return_url"),
            "url": f"{api.account.base_url}/portal/{customer['id']}?return_url={back}",
        }
    )


def _update_subscription(api: Api, params: Params, name: str) -> Object:
    account = api.account
    sub = account.get(name, "subscription")
    if sub["status"] == "canceled":
        raise Refused(404, f"No such subscription: '{name}'", "resource_missing", "id")
    if "cancel_at_period_end" in params:
        sub["cancel_at_period_end"] = params["cancel_at_period_end"] == "true"
        sub["cancel_at"] = sub["items"]["data"][0]["current_period_end"] if sub["cancel_at_period_end"] else None
        account.emit("customer.subscription.updated", sub)
    for item in params.get("items", []):
        price = account.get(item["price"], "price", "items[0][price]")
        at = previews.proration_time(account, sub, params, "proration_date")
        account.change_price(sub, price, invoice_now=params.get("proration_behavior") == "always_invoice", at=at)
    return sub


def _create_refund(api: Api, params: Params, _: str) -> Object:
    amount = params.get("amount")
    return api.account.refund(params["payment_intent"], int(amount) if amount else None, params.get("metadata"))


def _list(kind: str, *fields: str) -> Handler:
    def handle(api: Api, params: Params, _: str) -> Object:
        found = api.account.all(kind)
        for field in fields:
            if field in params and params[field] != "all":
                found = [each for each in found if _field(each, field) == params[field]]
        return api.page(found, params, f"/v1/{kind}s")

    return handle


def _field(each: Object, field: str) -> Any:
    if each["object"] == "invoice" and field == "subscription":
        return (each["parent"] or {"subscription_details": {}})["subscription_details"].get("subscription")
    return each.get(field)


def _list_invoice_payments(api: Api, params: Params, _: str) -> Object:
    wanted = params.get("payment", {}).get("payment_intent")
    found = [each for each in api.account.all("invoice_payment") if each["payment"]["payment_intent"] == wanted]
    return api.page(found, params, "/v1/invoice_payments")


def _list_cards(api: Api, params: Params, customer_id: str) -> Object:
    api.account.get(customer_id, "customer", "customer")
    found = [each for each in api.account.all("payment_method") if each["customer"] == customer_id]
    return api.page(found, params, f"/v1/customers/{customer_id}/payment_methods")


def _list_events(api: Api, params: Params, _: str) -> Object:
    types = params.get("types", [])
    found = [each for each in reversed(api.account.events) if not types or each["type"] in types]
    return api.page(found, params, "/v1/events")


def _get_event(api: Api, _: Params, name: str) -> Object:
    found = next((each for each in api.account.events if each["id"] == name), None)
    if found is None:
        raise Refused(404, f"No such event: '{name}'", "resource_missing", "id")
    return found


def _get(kind: str) -> Handler:
    return lambda api, _params, name: api.account.get(name, kind)


ROUTES: tuple[tuple[str, str, Handler], ...] = (
    ("POST", "/v1/customers", _create_customer),
    ("GET", "/v1/customers/([^/]+)", _get("customer")),
    ("POST", "/v1/customers/([^/]+)", _update_customer),
    ("DELETE", "/v1/customers/([^/]+)", lambda api, _params, name: api.account.delete_customer(name)),
    ("POST", "/v1/products", _create_product),
    ("POST", "/v1/prices", _create_price),
    ("GET", "/v1/prices/([^/]+)", _get("price")),
    ("POST", "/v1/checkout/sessions", _create_session),
    ("GET", "/v1/checkout/sessions", _list("checkout.session", "status", "customer")),
    ("GET", "/v1/checkout/sessions/([^/]+)", _get("checkout.session")),
    ("POST", "/v1/checkout/sessions/([^/]+)/expire", lambda api, _params, name: api.account.expire(name)),
    ("POST", "/v1/billing_portal/sessions", _create_portal),
    ("POST", "/v1/payment_intents", lambda api, params, _: off_session.pay(api.account, params)),
    ("GET", "/v1/payment_intents", _list("payment_intent", "customer")),
    ("GET", "/v1/payment_intents/([^/]+)", _get("payment_intent")),
    ("POST", "/v1/payment_intents/([^/]+)/cancel", lambda api, _params, name: off_session.cancel(api.account, name)),
    ("POST", "/v1/payment_methods/([^/]+)/detach", lambda api, _params, name: off_session.detach(api.account, name)),
    ("GET", "/v1/customers/([^/]+)/payment_methods", _list_cards),
    ("GET", "/v1/charges", _list("charge", "customer")),
    ("GET", "/v1/charges/([^/]+)", _get("charge")),
    ("POST", "/v1/refunds", _create_refund),
    ("GET", "/v1/disputes", _list("dispute", "charge", "payment_intent")),
    ("GET", "/v1/disputes/([^/]+)", _get("dispute")),
    ("GET", "/v1/subscriptions", _list("subscription", "status", "customer")),
    ("GET", "/v1/subscriptions/([^/]+)", _get("subscription")),
    ("POST", "/v1/subscriptions/([^/]+)", _update_subscription),
    ("DELETE", "/v1/subscriptions/([^/]+)", lambda api, _params, name: api.account.end(name)),
    ("POST", "/v1/invoices/create_preview", lambda api, params, _: previews.preview(api.account, params)),
    ("GET", "/v1/invoices", _list("invoice", "subscription", "status", "customer")),
    ("GET", "/v1/invoices/([^/]+)", _get("invoice")),
    ("GET", "/v1/invoice_payments", _list_invoice_payments),
    ("GET", "/v1/events", _list_events),
    ("GET", "/v1/events/([^/]+)", _get_event),
)


def dump(body: Object) -> bytes:
    return json.dumps(body).encode()
