//! What the tests stand on: a gateway in this process, over a temporary SQLite and a simulated help
//! desk behind the transport's seam. No sockets; but where `DESKGATE_TEST_POSTGRES_URL` names a PostgreSQL server, that is
//! the database.

pub(crate) mod document;
pub(crate) mod postgres;
pub(crate) mod request;
pub(crate) mod upstream;

use std::sync::{Arc, Mutex};
use std::time::Duration;

use crate::support::upstream::over;
use axum::Router;
use deskgate::access_token::{AccessTokens, Scope};
use deskgate::clock::Clock;
use deskgate::desk::Desks;
use deskgate::desk::intents::Intents;
use deskgate::http::audit::Audit;
use deskgate::http::auth::ApiKeys;
use deskgate::http::guesses::Guesses;
use deskgate::http::pressure::{Pressure, Relieved};
use deskgate::http::{Edge, router};
use deskgate::model::id::AccountId;
use deskgate::providers;
use deskgate::providers::freshdesk::sim::{Simulator, Switches};
use deskgate::store::Store;
use deskgate::store::accounts::{Account, NewAccount};
use deskgate::store::applications::ApplicationId;
use deskgate::store::keys::KeyTerms;
use deskgate::store::master_key::MasterKey;
use deskgate::transport::egress::Egress;
use deskgate::transport::http::Transport;
use secrecy::{ExposeSecret as _, SecretString};
use tower_http::normalize_path::NormalizePath;

use crate::desks::HelpDesk;
use crate::desks::freshdesk::Freshdesk;
use crate::support::postgres::Schema;
use crate::support::request::Request;

/// The API key of the simulated help desk: a text that is nowhere else.
pub(crate) const UPSTREAM_KEY: &str = "CANARY-freshdesk-key-7d1f";
/// Address of the simulated help desk; nothing listens there.
pub(crate) const UPSTREAM_URL: &str = "http://freshdesk.test";
/// How long the database is not asked about an account again: in still time nothing waits for it.
const FRESH: Duration = Duration::from_hours(1);
/// Origin in the answers' addresses.
pub(crate) const PUBLIC_URL: &str = "https://desk.example.com";

/// A gateway, and what a test needs to call it.
pub(crate) struct TestApp {
    /// The whole stack.
    router: Mutex<Relieved<NormalizePath<Router>>>,
    /// What the handlers share.
    pub(crate) edge: Edge,
    /// What time it is, for the gateway and the simulator.
    pub(crate) clock: Clock,
    /// The application of `api_key`.
    pub(crate) application: ApplicationId,
    /// Its key.
    pub(crate) api_key: SecretString,
    /// Its connected account.
    pub(crate) account: AccountId,
    /// A token for the account.
    pub(crate) token: SecretString,
    /// Whether time stands still while a request is answered, and jumps over every wait.
    still: bool,
    /// What opens accounts.
    desks: Mutex<Desks>,
    /// The line to the help desk.
    transport: Transport,
    /// Which addresses may be called.
    egress: Egress,
    /// The database, kept until the end.
    _database: Database,
}

/// An empty database.
enum Database {
    /// In this folder.
    Sqlite(tempfile::TempDir),
    /// On a server.
    Postgres(Schema),
}

impl Database {
    /// A new one.
    async fn create() -> Self {
        match Schema::create().await {
            Some(schema) => Self::Postgres(schema),
            None => Self::Sqlite(tempfile::tempdir().unwrap()),
        }
    }

    /// Its address.
    fn url(&self) -> String {
        match self {
            Self::Sqlite(folder) => format!("sqlite:{}", folder.path().join("test.db").display()),
            Self::Postgres(schema) => schema.url.clone(),
        }
    }
}

impl TestApp {
    /// A gateway in front of this transport, with a Freshdesk account connected without a call.
    pub(crate) async fn over(transport: Transport) -> Self {
        Self::of::<Freshdesk>(transport, clock()).await
    }

    /// A gateway in front of this line to a help desk, with one account connected without a call; the
    /// clock is one that somebody else looks at as well.
    pub(crate) async fn of<D: HelpDesk>(transport: Transport, clock: Clock) -> Self {
        let database = Database::create().await;
        let url = database.url();
        Self::with::<D>(transport, clock, (database, &url), FRESH).await
    }

    /// The same on this database, at this address. For so long it is not asked about an account again.
    async fn with<D: HelpDesk>(
        transport: Transport,
        clock: Clock,
        (database, url): (Database, &str),
        fresh: Duration,
    ) -> Self {
        let master_keys = MasterKey::generate().into();
        let store = Store::open(url, &master_keys, clock.clone());
        let store = store.await.unwrap();
        let access_tokens = AccessTokens::open(store.clone(), clock.clone(), fresh);
        let host = D::ORIGIN.strip_prefix("http://").unwrap();
        let allowed =
            [format!("{host}:80"), "other.test:80".into()].map(|text| text.parse().unwrap());
        let egress = Egress::new(allowed.to_vec());
        let edge = Edge {
            desks: desks(&store, &clock, transport.clone(), egress.clone(), fresh),
            api_keys: Arc::new(ApiKeys::default()),
            access_tokens: Arc::new(access_tokens.await.unwrap()),
            guesses: Arc::new(Guesses::new(u32::MAX)),
            audit: Audit::default(),
            store: store.clone(),
            clock: clock.clone(),
            public_url: PUBLIC_URL.into(),
            request_timeout: Duration::from_secs(30),
            in_flight: Arc::new(tokio::sync::Semaphore::new(100)),
            draining: Arc::default(),
            cors_origins: Arc::default(),
            pressure: Pressure::default(),
        };
        let key = store.create_key("tests", KeyTerms::default());
        let key = key.await.unwrap();
        let account = connect::<D>(&store, &key.application_id).await;
        let century = Duration::from_hours(24 * 365 * 100);
        let scopes = [Scope::Read, Scope::Write];
        let token = issue(&edge, &key.application_id, account, &scopes, century).await;
        Self {
            router: Mutex::new(router(edge.clone())),
            desks: Mutex::new(edge.desks.clone()),
            edge,
            clock,
            application: key.application_id,
            api_key: key.api_key,
            account,
            token,
            still: false,
            transport,
            egress,
            _database: database,
        }
    }

    /// A gateway in front of a simulated Freshdesk, on this schema, to which there is this way. It asks the database with
    /// each request.
    pub(crate) async fn on_postgres(schema: Schema, way: std::net::SocketAddr) -> Self {
        let clock = clock();
        let desk = Freshdesk::with(40, Switches::default(), &clock);
        let url = schema.by_way_of(way);
        let database = (Database::Postgres(schema), &*url);
        Self::with::<Freshdesk>(desk.transport(), clock, database, Duration::ZERO).await
    }

    /// Starts the gateway anew: what it has learned of the help desk's health and limits is forgotten.
    pub(crate) fn restart(&self) {
        let (transport, egress) = (self.transport.clone(), self.egress.clone());
        let desks = desks(&self.edge.store, &self.clock, transport, egress, FRESH);
        *self.desks.lock().unwrap() = desks;
        *self.router.lock().unwrap() = router(self.edge());
    }

    /// What opens accounts just now.
    pub(crate) fn desks(&self) -> Desks {
        self.desks.lock().unwrap().clone()
    }

    /// What the handlers share just now.
    fn edge(&self) -> Edge {
        Edge {
            desks: self.desks(),
            ..self.edge.clone()
        }
    }

    /// A gateway in front of a simulated Freshdesk with 40 tickets.
    pub(crate) async fn freshdesk() -> (Self, Simulator) {
        Self::freshdesk_with(40, Switches::default()).await
    }

    /// A gateway in front of a simulated Freshdesk of this size and behaviour.
    pub(crate) async fn freshdesk_with(tickets: u32, switches: Switches) -> (Self, Simulator) {
        let clock = clock();
        let desk = Freshdesk::with(tickets, switches, &clock);
        let app = Self::of::<Freshdesk>(desk.transport(), clock).await;
        (app, desk.simulator)
    }

    /// Has time stand still while requests are answered, and jump over every wait. The database runs
    /// on a thread of its own, which such a time does not wait for: so the account is opened before.
    pub(crate) fn in_still_time(mut self) -> Self {
        self.still = true;
        self
    }

    /// A request that carries nothing yet.
    pub(crate) fn request(&self, method: http::Method, path: &str) -> Request {
        let request = Request::new(self.router.lock().unwrap().clone(), method, path);
        if self.still {
            request.after_opening(&self.edge(), &self.application, self.account)
        } else {
            request
        }
    }

    /// A request with the account's token.
    pub(crate) fn as_account(&self, method: http::Method, path: &str) -> Request {
        self.request(method, path).header(
            "authorization",
            &format!("Bearer {}", self.token.expose_secret()),
        )
    }

    /// A request with the application's key.
    pub(crate) fn as_application(&self, method: http::Method, path: &str) -> Request {
        self.request(method, path).header(
            "authorization",
            &format!("APIKey {}", self.api_key.expose_secret()),
        )
    }

    /// Reads below the account's help desk.
    pub(crate) fn get(&self, path: &str) -> Request {
        self.as_account(
            http::Method::GET,
            &format!("/v1/accounts/me/helpdesk{path}"),
        )
    }

    /// Creates below the account's help desk.
    pub(crate) fn post(&self, path: &str, body: serde_json::Value) -> Request {
        self.as_account(
            http::Method::POST,
            &format!("/v1/accounts/me/helpdesk{path}"),
        )
        .json(body)
    }

    /// Changes below the account's help desk.
    pub(crate) fn patch(&self, path: &str, body: serde_json::Value) -> Request {
        self.as_account(
            http::Method::PATCH,
            &format!("/v1/accounts/me/helpdesk{path}"),
        )
        .json(body)
    }

    /// Deletes below the account's help desk.
    pub(crate) fn delete(&self, path: &str) -> Request {
        self.as_account(
            http::Method::DELETE,
            &format!("/v1/accounts/me/helpdesk{path}"),
        )
    }
}

/// What opens accounts.
fn desks(
    store: &Store,
    clock: &Clock,
    transport: Transport,
    egress: Egress,
    fresh: Duration,
) -> Desks {
    Desks::new(
        store.clone(),
        providers::all(),
        over(transport),
        egress,
        fresh,
        Intents::new(store.clone(), clock.clone(), Duration::from_mins(2)),
    )
}

/// A token for an account. Asks the database nothing that is known already.
pub(crate) async fn issue(
    edge: &Edge,
    application: &ApplicationId,
    account: AccountId,
    scopes: &[Scope],
    lifetime: Duration,
) -> SecretString {
    let now = edge.clock.now();
    let account = Account {
        id: account,
        application_id: application.clone(),
        service: String::new(),
        origin: String::new(),
        account: None,
        name: None,
        options: String::new(),
        active: true,
        reconnect_since: None,
        tokens_from: None,
        created_at: now,
        modified_at: now,
    };
    let issued = edge.access_tokens.issue(&account, scopes, lifetime);
    issued.await.unwrap()
}

/// The time at which tests begin.
pub(crate) fn clock() -> Clock {
    Clock::at("2026-11-20T20:00:00Z".parse().unwrap())
}

/// Stores an account of a simulated help desk.
pub(crate) async fn connect<D: HelpDesk>(store: &Store, application: &ApplicationId) -> AccountId {
    let account = NewAccount {
        application_id: application.clone(),
        service: D::SERVICE.into(),
        origin: D::ORIGIN.into(),
        account: None,
        name: None,
        options: "{}".into(),
        credentials: D::credentials().to_string().into(),
    };
    store.insert_account(account).await.unwrap().id
}
