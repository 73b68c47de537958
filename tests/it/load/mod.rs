//! The real program under more load than it can carry, and while it is replaced.
//!
//! [`overload`] sends more than the gateway can serve and looks at what it still serves, [`rolling`] restarts
//! replicas under a stream of requests, [`memory`] has thousands of requests and connections at once. [`program`]
//! runs the gateway, [`secrets`] looks at what it leaves behind, [`upstream`] is the help desk behind it, [`shooting`] sends at scheduled times whether or not
//! there are answers, [`front`] is a proxy.
//!
//! What is quick runs with `cargo test`. The rest is asked for:
//!
//! - `DESKGATE_LOAD_SECONDS=10 cargo test --release --test it load::overload -- --nocapture`
//! - `DESKGATE_ROLLING_REQUESTS=10000 cargo test --test it load::rolling -- --nocapture`
//! - `DESKGATE_LOAD_MEMORY=1 cargo test --release --test it load::memory -- --nocapture`

mod front;
mod memory;
mod overload;
mod program;
mod rolling;
mod secrets;
mod shooting;
mod upstream;

/// A number that whoever starts the tests may set.
fn asked(name: &str) -> Option<u64> {
    #[expect(
        clippy::disallowed_methods,
        reason = "the long run is asked for by whoever starts the tests"
    )]
    let text = std::env::var(name).ok()?;
    Some(text.parse().unwrap())
}
