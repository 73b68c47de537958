//! OAuth: clients, codes, and the pairs of tokens that they give (Zendesk reference, section 2).

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};

use super::records_people::Token;
use super::world::World;

/// The client that every account has.
pub const CLIENT_ID: &str = "deskgate";

/// Its secret, which opens nothing else.
pub const CLIENT_SECRET: &str = "simulated-client-secret";

/// How long a code lives (section 2).
const CODE_LIFE: SignedDuration = SignedDuration::from_secs(120);

/// How long a refresh token lives unasked (section 2).
pub(super) const REFRESH_LIFE: SignedDuration = SignedDuration::from_secs(2_592_000);

/// What OAuth keeps beside the tokens. No `Debug`: codes let in.
#[derive(Default)]
pub struct OAuth {
    /// By what `client_id` says.
    pub clients: BTreeMap<String, Client>,
    /// Codes that were given out, each for one use.
    codes: BTreeMap<String, Grant>,
    /// The client of each token, by the token's id.
    owners: BTreeMap<u64, String>,
    /// Whoever is asked to authorize says no.
    pub denies: bool,
    /// Every refresh is refused, as after the user lost the account.
    pub refuses_refreshes: bool,
}

/// A registered application. No `Debug`: it holds its secret.
#[derive(Clone, PartialEq, Eq)]
pub struct Client {
    /// Its number.
    pub id: u64,
    /// What people read.
    pub name: String,
    /// What it proves itself with.
    pub secret: String,
    /// Where codes may be sent; without any, wherever https or this machine is.
    pub redirect_uris: Vec<String>,
    /// The scopes that it may ask for; without any it may ask for all.
    pub ceiling: Vec<String>,
}

/// What a code stands for.
#[derive(Clone, PartialEq, Eq)]
pub(super) struct Grant {
    /// Who said yes.
    pub(super) user: u64,
    /// Who may use it.
    pub(super) client: String,
    /// To what.
    pub(super) scopes: String,
    /// Where it was sent.
    pub(super) redirect_uri: String,
    /// A verifier has to come along.
    pub(super) is_challenged: bool,
    /// Until when.
    expires_at: Timestamp,
}

impl World {
    /// Gives the admin's token pair to the account's client, as if the admin had gone through the pages.
    /// Without an end the access token lives on.
    pub fn issue_token(&mut self, scopes: &str, expires_in: Option<SignedDuration>) -> Token {
        self.add_client(CLIENT_ID, CLIENT_SECRET);
        self.issue(self.me, CLIENT_ID, scopes, expires_in, Some(REFRESH_LIFE))
    }

    /// Gives a code that the account's client can exchange once, within two minutes.
    pub fn offer_code(&mut self, scopes: &str, redirect_uri: &str) -> String {
        self.add_client(CLIENT_ID, CLIENT_SECRET);
        self.give_code(CLIENT_ID, scopes, redirect_uri, false)
    }

    /// Registers a client, unless there is one of this name.
    pub fn add_client(&mut self, client_id: &str, secret: &str) {
        if self.oauth.clients.contains_key(client_id) {
            return;
        }
        let client = Client {
            id: self.new_id(),
            name: client_id.to_owned(),
            secret: secret.to_owned(),
            redirect_uris: Vec::new(),
            ceiling: Vec::new(),
        };
        self.oauth.clients.insert(client_id.to_owned(), client);
    }

    /// Takes a token pair away. Says whether there was one.
    pub fn revoke_token(&mut self, id: u64) -> bool {
        self.oauth.owners.remove(&id);
        self.tokens.remove(&id).is_some()
    }

    /// Makes a token pair, without a refresh token if that has no life.
    pub(super) fn issue(
        &mut self,
        user_id: u64,
        client: &str,
        scopes: &str,
        expires_in: Option<SignedDuration>,
        refresh_life: Option<SignedDuration>,
    ) -> Token {
        let now = self.now();
        let token = Token {
            id: self.new_id(),
            access: self.new_word(),
            refresh: refresh_life.map(|_| self.new_word()),
            user_id,
            scopes: scopes.to_owned(),
            expires_at: expires_in.map(|life| now + life),
            refresh_expires_at: refresh_life.map(|life| now + life),
            created_at: now,
            used_at: None,
        };
        self.oauth.owners.insert(token.id, client.to_owned());
        self.tokens.insert(token.id, token.clone());
        token
    }

    /// Makes a code.
    pub(super) fn give_code(
        &mut self,
        client: &str,
        scopes: &str,
        redirect_uri: &str,
        is_challenged: bool,
    ) -> String {
        let code = self.new_word();
        let grant = Grant {
            user: self.me,
            client: client.to_owned(),
            scopes: scopes.to_owned(),
            redirect_uri: redirect_uri.to_owned(),
            is_challenged,
            expires_at: self.now() + CODE_LIFE,
        };
        self.oauth.codes.insert(code.clone(), grant);
        code
    }

    /// Uses a code up. One that is too old is none any more.
    pub(super) fn take_code(&mut self, code: &str) -> Option<Grant> {
        let now = self.now();
        let grant = self.oauth.codes.remove(code);
        grant.filter(|grant| grant.expires_at > now)
    }

    /// The pair that a client's refresh token belongs to, while it lives.
    pub(super) fn refreshable(&self, refresh: &str, client: &str) -> Option<&Token> {
        let now = self.now();
        let is_it = |token: &&Token| {
            token.refresh.as_deref() == Some(refresh)
                && token.refresh_expires_at.is_none_or(|end| end > now)
                && self.client_of(token.id) == Some(client)
        };
        self.tokens
            .values()
            .find(is_it)
            .filter(|_| !self.oauth.refuses_refreshes)
    }

    /// Who was given a token.
    pub(super) fn client_of(&self, token: u64) -> Option<&str> {
        self.oauth.owners.get(&token).map(String::as_str)
    }
}
