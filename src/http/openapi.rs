//! The head of the OpenAPI document, and the last touches to it.

use utoipa::openapi::security::{ApiKey, ApiKeyValue, HttpAuthScheme, HttpBuilder, SecurityScheme};
use utoipa::{Modify, OpenApi};

use crate::http::errors::ErrorBody;
use crate::model::person::PersonRef;

/// The head of the document; the paths come from the routes.
#[derive(OpenApi)]
#[openapi(
    info(
        title = "deskgate",
        description = "One API for every help desk: the Kloudless Help Desk API, served by a gateway that you run \
                       yourself.\n\nAddresses work with and without a final slash. Lists are paged by opaque tokens: \
                       give `next_page` as `page` until it is null. Every failure has the same body, and its \
                       `error_code` is for programs. Attributes that a help desk does not have are null when read and \
                       ignored when written.",
        license(name = "MIT", identifier = "MIT"),
    ),
    servers((url = "/", description = "This gateway")),
    tags(
        (name = "Tickets", description = "What customers ask."),
        (name = "Comments", description = "Replies to tickets and notes on them."),
        (name = "Accounts", description = "Connected help desks."),
        (name = "Access", description = "Access tokens."),
        (name = "Operations", description = "The state of the gateway itself."),
    ),
    components(schemas(ErrorBody, PersonRef)),
    security(("bearer" = []), ("api_key" = [])),
    modifiers(&Security),
)]
pub struct Document;

/// Adds the two ways to say who asks.
struct Security;

impl Modify for Security {
    fn modify(&self, document: &mut utoipa::openapi::OpenApi) {
        let components = document.components.get_or_insert_default();
        let bearer = HttpBuilder::new()
            .scheme(HttpAuthScheme::Bearer)
            .bearer_format("JWT")
            .description(Some("An access token: one account, which `me` stands for."))
            .build();
        components.add_security_scheme("bearer", SecurityScheme::Http(bearer));
        let api_key = ApiKeyValue::with_description(
            "Authorization",
            "`APIKey` and an application's key: every account of the application, named by its id.",
        );
        components.add_security_scheme("api_key", SecurityScheme::ApiKey(ApiKey::Header(api_key)));
    }
}

/// The document with what only the whole of it can tell.
pub fn finished(mut document: utoipa::openapi::OpenApi) -> utoipa::openapi::OpenApi {
    env!("CARGO_PKG_VERSION").clone_into(&mut document.info.version);
    document
}
