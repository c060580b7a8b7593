"""A post that hundreds of people like in a second, on several instances: nothing is lost, and it is written seldom."""

from __future__ import annotations

from collections import Counter

from msgspec.structs import replace

from studiox.kit import firestore
from tests.simulation.story import staged, story_of
from tests.support import people, posts

INSTANCES = 5
RATE = 250
SECONDS = 4


def test_an_instance_writes_a_post_about_once_a_second() -> None:
    story = replace(story_of(1), people={}, admin=[], rates={}, instances=INSTANCES, max_skew_s=0.0)
    with staged(story) as stage:
        world, store, answers = stage.world, stage.store, []
        state = {"postId": "p1", "uid": "author", "reports": 0}
        firestore.commit({"posts/p1": posts.post("p1"), "posts/p1/private/state": state}, {})
        for number in range(RATE * SECONDS):
            firestore.commit({f"users/fan{number}": people.user_data()}, {})
        writes: Counter[str] = Counter()
        seen, check = store.version(stage.database), world.after_step

        def after_step() -> None:
            nonlocal seen
            changed = store.changed(stage.database, seen)
            seen = store.version(stage.database)
            task = world.running()
            if "posts/p1" in changed and task is not None and task.instance is not None:
                writes[task.instance.name] += 1
            check()

        def like(number: int) -> None:
            answers.append(stage.deployment.call(f"fan{number}", "likePost", {"postId": "p1"}))

        world.after_step = after_step
        began = world.now()
        for number in range(RATE * SECONDS):
            world.at(began + number / RATE, lambda number=number: world.spawn("like", lambda: like(number)))  # type: ignore[misc]
        world.run(until=lambda: len(answers) == RATE * SECONDS)
        assert all(answer is not None and answer.ok for answer in answers)
        found = store.find(stage.database, "posts/p1")
        assert found is not None
        assert found["likeCount"] == RATE * SECONDS
        took = world.now() - began
        assert set(writes) == {instance.name for instance in world.instances}
        # Two more than the seconds: the first like and the first that meet do not wait.
        assert max(writes.values()) <= took + 2, writes
