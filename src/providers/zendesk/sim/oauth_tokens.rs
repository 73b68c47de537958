//! OAuth tokens and clients as the API lists them (Zendesk reference, section 2).

use http::header;
use serde_json::{Value, json};

use super::body::{Body, Given};
use super::paging::{self, Order};
use super::records_people::Token;
use super::reply::{Answer, Reply};
use super::routes::Ask;
use super::world::World;
use super::world_oauth::{CLIENT_ID, CLIENT_SECRET, Client};

/// `GET /oauth/tokens`
pub(super) fn list(world: &mut World, ask: &mut Ask) -> Answer {
    let order = Order::ascending("id", |token: &&Token| token.id);
    let rows = world.tokens.values().collect();
    let (page, beside) = paging::page(ask, &world.switches, rows, &order)?;
    let rows: Vec<Value> = page.iter().map(|token| json(world, ask, token)).collect();
    Ok(Reply::list("tokens", &rows, &beside))
}

/// `GET /oauth/tokens/{id}`; `current` is the one that asks.
pub(super) fn show(world: &mut World, ask: &mut Ask) -> Answer {
    let token = named(world, ask)?;
    Ok(Reply::ok(&json!({"token": json(world, ask, token)})))
}

/// `POST /oauth/tokens`: a token for oneself; only this answer shows it whole.
pub(super) fn create(world: &mut World, ask: &mut Ask) -> Answer {
    world.add_client(CLIENT_ID, CLIENT_SECRET);
    let body = Body::new(ask.root("token")?, &ask.place);
    let (client, scopes) = (body.id("client_id")?, body.texts("scopes")?);
    let all = world.oauth.clients.iter();
    let known = all
        .into_iter()
        .find(|(_, one)| client == Given::Is(one.id))
        .map(|(name, _)| name.clone());
    let Some(client) = known else {
        let text = "Client: cannot be blank";
        return Err(Reply::invalid("client_id", text, Some("BlankValue")));
    };
    let scopes = scopes
        .value()
        .map_or_else(|| "read".to_owned(), |scopes| scopes.join(" "));
    let token = world.issue(ask.caller, &client, &scopes, None, None);
    let mut shown = json(world, ask, &token);
    shown["full_token"] = json!(token.access);
    let location = ask.url(&format!("oauth/tokens/{}", token.id));
    Ok(Reply::created(&json!({"token": shown}), location))
}

/// `DELETE /oauth/tokens/{id}`: both tokens of the pair are dead from now on.
pub(super) fn revoke(world: &mut World, ask: &mut Ask) -> Answer {
    let id = named(world, ask)?.id;
    world.revoke_token(id);
    Ok(Reply::no_content())
}

/// `GET /oauth/clients`
pub(super) fn clients(world: &mut World, ask: &mut Ask) -> Answer {
    world.add_client(CLIENT_ID, CLIENT_SECRET);
    let order = Order::ascending("id", |(_, client): &(&String, &Client)| client.id);
    let rows = world.oauth.clients.iter().collect();
    let (page, beside) = paging::page(ask, &world.switches, rows, &order)?;
    let rows: Vec<Value> = page
        .iter()
        .map(|(identifier, client)| {
            json!({
                "url": ask.url(&format!("oauth/clients/{}", client.id)),
                "id": client.id,
                "identifier": identifier,
                "name": client.name,
                "kind": "confidential",
                "redirect_uri": client.redirect_uris,
                "global": false,
            })
        })
        .collect();
    Ok(Reply::list("clients", &rows, &beside))
}

/// The token of the path.
fn named<'a>(world: &'a World, ask: &Ask) -> Result<&'a Token, Reply> {
    let name = ask.params.first().map(String::as_str).unwrap_or_default();
    if name == "current" {
        let bearer = ask
            .headers
            .get(header::AUTHORIZATION)
            .and_then(|value| value.to_str().ok());
        let bearer = bearer
            .and_then(|value| value.split_once(' '))
            .map(|(_, token)| token.trim());
        let mut all = world.tokens.values();
        return all
            .find(|one| Some(one.access.as_str()) == bearer)
            .ok_or_else(Reply::not_found);
    }
    let id: Option<u64> = name.parse().ok();
    id.and_then(|id| world.tokens.get(&id))
        .ok_or_else(Reply::not_found)
}

/// A token as the API shows it: only its beginning.
fn json(world: &World, ask: &Ask, token: &Token) -> Value {
    let client = world
        .client_of(token.id)
        .and_then(|client| world.oauth.clients.get(client));
    let start: String = token.access.chars().take(10).collect();
    json!({
        "url": ask.url(&format!("oauth/tokens/{}", token.id)),
        "id": token.id,
        "user_id": token.user_id,
        "client_id": client.map(|client| client.id),
        "token": start,
        "refresh_token": token.refresh.as_ref().map(|refresh| refresh.chars().take(10).collect::<String>()),
        "scopes": token.scopes.split(' ').collect::<Vec<&str>>(),
        "created_at": token.created_at,
        "expires_at": token.expires_at,
        "refresh_token_expires_at": token.refresh_expires_at,
        "used_at": token.used_at,
    })
}
