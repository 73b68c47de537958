# The same lines as .ci/run, by name. `just` alone lists them.

# Lists the recipes.
default:
    @just --list

# Everything that has to hold before a change is taken.
ci:
    .ci/run

# Formats all code.
format:
    cargo fmt

# Lints as the checks do.
lint:
    .ci/run format clippy

# Runs the tests that need nothing else.
test:
    .ci/run test generated

# Holds the walks to the paging law by 10,000 random schedules, and walks desks of 30,000 tickets. Some ten minutes.
law:
    DESKGATE_LAW_CASES=10000 cargo test --locked --test it contract

# Makes 1,000 tickets and 1,000 replies on each help desk under faults and kills. Some ten minutes.
chaos:
    DESKGATE_CHAOS_CASES=1000 cargo test --locked --test it chaos -- --nocapture

# Runs the tests of the store, the API and one provider on PostgreSQL.
test-postgres:
    .ci/run postgres

# Holds the contract of the providers on a real Request Tracker, which it installs and starts.
test-rt:
    .ci/run rt

# Writes the documentation of all items, private ones too.
doc:
    .ci/run doc

# Checks licences, sources and bans of the dependencies.
deny:
    .ci/run deny

# Checks the dependencies for published security advisories. Needs the network and cargo-deny (`just deny` builds it).
advisories:
    "${CARGO_TARGET_DIR:-target}/tools/bin/cargo-deny" check advisories

# Drives the real clients through the gateway.
clients:
    .ci/run clients

# Lints the OpenAPI document. After `just clients`, which installs the linter.
lint-openapi:
    .ci/run openapi

# Starts a simulated help desk and the gateway in front of it.
demo *options:
    cargo run --release -- demo {{options}}

# Builds the container image.
image tag="deskgate:dev":
    docker build --build-arg REVISION="$(git rev-parse HEAD)" -t {{tag}} .
