//! What RT means when it refuses (README).

use serde::Deserialize;

use crate::provider::error::ProviderError;
use crate::transport::call::Reply;

/// A refusal.
#[derive(Deserialize)]
struct Failure {
    /// A sentence for people, in the language of the credential's owner.
    message: String,
}

/// Names the failure behind a reply that is not a success.
///
/// The status says what it is; the sentence is passed on without the place in RT's source that some end with.
pub(super) fn classify(reply: &Reply) -> ProviderError {
    let failure: Option<Failure> = serde_json::from_slice(&reply.body).ok();
    let said = failure.as_ref().map(|failure| {
        let message = failure.message.as_str();
        message
            .split_once(" at /")
            .map_or(message, |(said, _)| said)
    });
    ProviderError::from_status(reply, said)
}
