"""Books, truth and answers that agree with each other, for tests that plant one fault in them."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from msgspec.structs import replace

from tests.simulation.answers import Exchange
from tests.simulation.books import NOW, kept
from tests.simulation.rest import at_rest
from tests.simulation.stripe_truth import Bill, Contract, Sale, StripeTruth
from tests.simulation.truth import Known, Truth
from tests.simulation.violations import Violation
from tests.support import Answer

DAY, HOUR = 86_400.0, 3_600.0
MOMENT = NOW.timestamp()


class Case:
    """The books, the truth and the history that agree with each other, until a fault is planted."""

    def __init__(self) -> None:
        self.books = kept()
        self.history: list[Exchange] = []
        sale = Sale("cs_1", "o-cs_1", "u1", "cus_1", 500, 1, 100, 0)
        bill = Bill("in_1", "sub_1", "u1", "subscription_create", "pro", 900, 0, 0, True)
        end = int((NOW + timedelta(days=20)).timestamp())
        contract = Contract("sub_1", "cus_1", "u1", "active", "pro", end, False, MOMENT - DAY, False)
        files = [f"users/u1/creations/{each}/0.png" for each in ("done", "partly")]
        self.truth = Truth(
            now=MOMENT,
            people={uid: Known(f"p-{uid}", f"{uid}@x.test") for uid in ("u1", "u2")},
            stripe=StripeTruth({"cs_1": sale}, {"in_1": bill}, {"sub_1": contract}),
            objects=dict.fromkeys([*files, "posts/done/0.png", "users/u1/uploads/a.png"], MOMENT - DAY),
            charges={each: [f"t-{each}"] for each in ("running", "done", "partly", "failed")},
            auth={"u1", "u2"},
        )
        for job_id in ("done", "partly"):
            state = f"jobs/{job_id}/private/state"
            self.change(state, outputs=4 if job_id == "partly" else 1)
        self.change("jobs/partly", media=[self.books.documents["jobs/partly"]["media"][0]] * 3)
        self.change("creations/partly", media=self.books.documents["jobs/partly"]["media"])

        for job_id in ("running", "done", "partly", "failed"):
            self.say("createStudioJob", {"jobId": job_id}, requestId=f"for-{job_id}")

    def change(self, path: str, **fields: Any) -> Case:
        self.books.documents[path] = {**self.books.documents[path], **fields}
        return self

    def put(self, path: str, **fields: Any) -> Case:
        self.books.documents[path] = fields
        return self

    def object(self, name: str, age: float = 0.0) -> Case:
        self.truth.objects = {**self.truth.objects, name: MOMENT - age}
        return self

    def tell(self, **fields: Any) -> Case:
        self.truth = replace(self.truth, **fields)
        return self

    def sale(self, **fields: Any) -> Case:
        stripe = self.truth.stripe
        self.truth.stripe = stripe._replace(sales={"cs_1": stripe.sales["cs_1"]._replace(**fields)})
        return self

    def bill(self, **fields: Any) -> Case:
        stripe = self.truth.stripe
        self.truth.stripe = stripe._replace(bills={"in_1": stripe.bills["in_1"]._replace(**fields)})
        return self

    def contract(self, name: str = "sub_1", **fields: Any) -> Case:
        stripe = self.truth.stripe
        changed = stripe.contracts["sub_1"]._replace(subscription_id=name, **fields)
        self.truth.stripe = stripe._replace(contracts={**stripe.contracts, name: changed})
        return self

    def say(self, function: str, result: Any = None, caller: str = "u1", **data: Any) -> Case:
        """A call that was answered: a result, a refusal's reason with a `code/`, or None: the answer was lost."""
        began = 10 * len(self.history)
        answer = None
        if isinstance(result, str):
            code, _, reason = result.partition("/")
            answer = Answer(400, None, code, "", {"reason": reason}, {})
        elif result is not None:
            answer = Answer(200, result, None, "", {}, {})
        self.history.append(Exchange(caller, function, data, began, began + 5 if answer else -1, answer))
        return self

    def leave(self, uid: str = "u2") -> None:
        """The account is deleted as it should be."""
        documents = self.books.documents
        user = documents.pop(f"users/{uid}")
        known = self.truth.people[uid]
        for path in [each for each in documents if each.startswith(f"users/{uid}/ledger/")]:
            entry = documents.pop(path)
            name, ref = entry["id"].replace(uid, known.pseudonym), entry["ref"]
            moved = {**entry, "id": name, "ref": {**ref, "id": ref["id"].replace(uid, known.pseudonym)}}
            documents[f"closedAccounts/{known.pseudonym}/ledger/{name}"] = moved
        closed = {name: user[name] for name in ("balance", "buckets", "ledgerSeq")}
        documents[f"closedAccounts/{known.pseudonym}"] = {**closed, "state": "closed"}
        for path, each in list(documents.items()):
            if path.startswith("auditLogs/") and each["actor"] == uid:
                documents[path] = {**each, "actor": known.pseudonym, "target": f"users/{known.pseudonym}"}
        del documents[f"likes/done_{uid}"]
        del documents["commentRequests/c1"]
        self.change("posts/done/comments/c1", uid=None)
        self.change("posts/done", likeCount=0)
        self.truth.auth = {"u1"}

    def found(self) -> list[Violation]:
        self.books.count()
        return at_rest(self.books.documents, self.truth, self.history)
