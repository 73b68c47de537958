//! Passing requests through to the account's own API.

use http::{Response, StatusCode};

use crate::desk::Desk;
use crate::desk::renewal::Renewer;
use crate::error::{Error, Result};
use crate::provider::capability::Operation;
use crate::provider::error::ProviderError;
use crate::provider::upstream::Renew as _;

pub use crate::transport::raw::{RawRequest, Stream};

impl Desk {
    /// Passes a request through, once, to nothing but the account's own API, and its answer back, whatever it is.
    pub async fn raw(&self, request: RawRequest) -> Result<Response<Stream>> {
        let line = self.opened.line();
        let url = line
            .below(&request.address)
            .map_err(|error| Error::InvalidParameter(format!("X-Kloudless-Raw-URI: {error}")))?;
        let is_safe = request.method.is_safe();
        let name = Operation::Raw.name();
        let answer = line
            .pass_through(request, &url, name, &self.terms.trip)
            .await
            .map_err(|error| ProviderError::from_transport(&error, is_safe))?;
        // A body is not there twice, so nothing is sent again; but whoever tries again meets fresh credentials.
        if answer.status() == StatusCode::UNAUTHORIZED && self.opened.expires() {
            let renewer = Renewer {
                desks: self.desks.clone(),
                opened: self.opened.clone(),
            };
            if let Err(error) = renewer.renew().await {
                tracing::warn!(%error, account = %self.account(), "credentials were not renewed");
            }
        }
        Ok(answer)
    }
}
