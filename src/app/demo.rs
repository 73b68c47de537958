//! `deskgate demo`: a gateway in front of a simulated help desk, with an account connected.

use std::fs;
use std::io::Write as _;
use std::net::{Ipv4Addr, SocketAddr};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use secrecy::{ExposeSecret as _, SecretString};
use serde_json::{Map, json};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::access_token::Scope;
use crate::app::gateway::{self, Settings};
use crate::app::serve::drained;
use crate::app::vault_key::read_secret;
use crate::app::{Outcome, answer, signals, simulate};
use crate::clock::Clock;
use crate::config::Demo;
use crate::desk::accounts::Connection;
use crate::desk::{Desks, ListRequest};
use crate::http::{self, server};
use crate::model::id::{AccountId, TicketId};
use crate::provider::upstream::Terms;
use crate::store::Store;
use crate::store::applications::ApplicationId;
use crate::store::keys::NewKey;
use crate::store::master_key::MasterKey;

/// Name of the demo's application.
const APPLICATION: &str = "demo";
/// The simulated help desk's API key. Not a secret: it opens nothing else.
const UPSTREAM_KEY: &str = "demo-freshdesk-key";
/// How long the demo's access token counts.
const TOKEN_LIFETIME: Duration = Duration::from_hours(30 * 24);

/// Runs the demo until it is told to end.
pub(super) async fn demo(demo: Demo) -> Outcome {
    let end = signals::end()?;
    let Demo {
        listen,
        json,
        tickets,
        seed,
        plan,
        data_dir,
    } = demo;
    let clock = Clock::system();
    let (listener, address) = simulate::bind(listen).await?;
    let temporary = if data_dir.is_none() {
        Some(tempfile::tempdir()?)
    } else {
        None
    };
    let folder = data_dir
        .as_deref()
        .or(temporary.as_ref().map(tempfile::TempDir::path))
        .unwrap_or(Path::new("."));
    fs::create_dir_all(folder)?;
    let store = open_demo_store(folder, &clock).await?;

    let tasks = TaskTracker::new();
    let ended = CancellationToken::new();
    let simulator = simulate::freshdesk(UPSTREAM_KEY.into(), tickets, seed, plan, Duration::ZERO);
    let (upstream_listener, upstream) =
        simulate::bind(SocketAddr::from((Ipv4Addr::LOCALHOST, 0))).await?;
    tasks.spawn(server::serve(
        upstream_listener,
        simulator.router(),
        ended.clone().cancelled_owned(),
    ));

    let base_url = format!("http://{address}");
    let settings = Settings {
        public_url: base_url.clone(),
        request_timeout: Duration::from_secs(30),
        max_in_flight: 4096,
        allow_upstream: vec![upstream.to_string().parse()?],
    };
    let edge = gateway::edge(store.clone(), clock, settings)?;
    let NewKey {
        application_id,
        api_key,
        ..
    } = store.create_key(APPLICATION).await?;
    let account = connect(&edge.desks, &application_id, upstream).await?;
    let ticket = simulator.inspect(|world| {
        world
            .tickets
            .values()
            .rev()
            .find(|ticket| ticket.is_listable())
            .map(|ticket| ticket.id)
    });
    let scopes = [Scope::Read, Scope::Write];
    let token = edge
        .access_tokens
        .issue(&application_id, account, &scopes, TOKEN_LIFETIME)?;

    let draining = Arc::clone(&edge.draining);
    let serving = server::serve(listener, http::router(edge), drained(end, draining));
    let stays = data_dir.is_some();
    let shown = Shown {
        base_url,
        application_id,
        api_key,
        account,
        token,
        upstream,
        ticket,
        stays,
    };
    let text = if json {
        shown.json()
    } else {
        shown.text(tickets)
    };
    let (served, answered) = tokio::join!(serving, async { answer(&text) });
    let () = served;
    ended.cancel();
    tasks.close();
    tasks.wait().await;
    store.close().await;
    answered
}

/// Opens the demo's database, with a master key of its own that lies beside it.
async fn open_demo_store(folder: &Path, clock: &Clock) -> Outcome<Store> {
    let file = folder.join("master.key");
    let master_key = if file.exists() {
        MasterKey::from_base64(read_secret(&file)?.expose_secret())?
    } else {
        let key = MasterKey::generate();
        let mut out = fs::OpenOptions::new()
            .write(true)
            .create_new(true)
            .mode(0o600)
            .open(&file)?;
        writeln!(out, "{}", key.to_base64().expose_secret())?;
        key
    };
    let database = folder.join("deskgate.db");
    Ok(Store::open(
        &format!("sqlite:{}", database.display()),
        &master_key,
        clock.clone(),
    )
    .await?)
}

/// Connects the account of the simulated help desk, in the place of one of an earlier run.
async fn connect(
    desks: &Desks,
    application: &ApplicationId,
    upstream: SocketAddr,
) -> Outcome<AccountId> {
    let (earlier, _) = desks
        .list_accounts(application, None, &ListRequest::default())
        .await?;
    for account in earlier {
        desks.remove_account(application, account.id).await?;
    }
    let credentials = [
        ("url", format!("http://{upstream}")),
        ("api_key", UPSTREAM_KEY.to_owned()),
    ];
    let connection = Connection {
        service: "freshdesk".into(),
        name: Some("Simulated Freshdesk".into()),
        credentials: Map::from_iter(
            credentials.map(|(name, value)| (name.to_owned(), value.into())),
        ),
        verify: true,
    };
    Ok(desks
        .connect(
            application,
            connection,
            Terms::within(Duration::from_secs(10)),
        )
        .await?
        .id)
}

/// What the demo shows of itself. Its secrets open nothing but the demo.
struct Shown {
    /// Origin of the gateway.
    base_url: String,
    /// Its application.
    application_id: ApplicationId,
    /// The application's key.
    api_key: SecretString,
    /// The connected account.
    account: AccountId,
    /// A token for the account.
    token: SecretString,
    /// Address of the simulated help desk.
    upstream: SocketAddr,
    /// One of its tickets.
    ticket: Option<u64>,
    /// Whether the database stays when the demo ends.
    stays: bool,
}

impl Shown {
    /// For scripts: one line.
    fn json(&self) -> String {
        json!({
            "base_url": self.base_url,
            "application_id": self.application_id.as_str(),
            "api_key": self.api_key.expose_secret(),
            "accounts": [{
                "id": self.account,
                "service": "freshdesk",
                "token": self.token.expose_secret(),
                "upstream_url": format!("http://{}", self.upstream),
                "upstream_api_key": UPSTREAM_KEY,
            }],
        })
        .to_string()
    }

    /// For people: what to paste.
    fn text(&self, tickets: u32) -> String {
        let Self {
            base_url,
            application_id: _,
            api_key,
            account,
            token,
            upstream,
            ticket,
            stays,
        } = self;
        let ticket = TicketId::from_upstream(ticket.unwrap_or(1).to_string());
        let end = if *stays {
            "The database stays in its folder; the tickets are gone"
        } else {
            "Everything is gone"
        };
        let (api_key, token) = (api_key.expose_secret(), token.expose_secret());
        format!(
            "deskgate runs in front of a simulated Freshdesk with {tickets} tickets.

  base URL    {base_url}
  docs        {base_url}/docs
  account     {account}  (freshdesk, at http://{upstream}, API key {UPSTREAM_KEY})
  API key     {api_key}
  token       {token}

Three to paste:

  # the oldest changes first, two tickets a page
  curl -s -H 'Authorization: Bearer {token}' '{base_url}/v1/accounts/me/helpdesk/tickets?page_size=2'

  # a new ticket
  curl -s -H 'Authorization: APIKey {api_key}' -H 'Content-Type: application/json' \\
    '{base_url}/v1/accounts/{account}/helpdesk/tickets' \\
    -d '{{\"subject\": \"My order has not arrived\", \"description\": \"It should be here.\", \"requester\": {{\"email\": \"ada@example.com\"}}}}'

  # a private note
  curl -s -H 'Authorization: Bearer {token}' -H 'Content-Type: application/json' \\
    '{base_url}/v1/accounts/me/helpdesk/tickets/{ticket}/comments' -d '{{\"content\": \"Called the carrier.\", \"public\": false}}'

{end} when you stop it with Ctrl-C."
        )
    }
}
