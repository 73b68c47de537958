//! `deskgate demo`: a gateway in front of a simulated help desk, with an account connected.

use std::fs;
use std::io::Write as _;
use std::net::{Ipv4Addr, SocketAddr};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use secrecy::{ExposeSecret as _, SecretString};
use serde_json::{Map, Value, json};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::access_token::Scope;
use crate::app::gateway::{self, Settings};
use crate::app::serve::drained;
use crate::app::vault_key::read_secret;
use crate::app::{Outcome, answer, signals, simulate};
use crate::clock::Clock;
use crate::config::Demo;
use crate::desk::ListRequest;
use crate::desk::accounts::Connection;
use crate::http::audit::Audit;
use crate::http::{self, Edge, server};
use crate::model::id::{AccountId, TicketId};
use crate::provider::upstream::Terms;
use crate::providers;
use crate::simulator::Simulator;
use crate::store::Store;
use crate::store::applications::ApplicationId;
use crate::store::keys::{KeyTerms, NewKey};
use crate::store::master_key::{MasterKey, MasterKeys};

/// Name of the demo's application.
const APPLICATION: &str = "demo";
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
    let mut desks = Vec::new();
    for (service, simulator) in providers::demo(tickets, seed, plan, &simulate::system_time()) {
        let loopback = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
        let (upstream_listener, upstream) = simulate::bind(loopback).await?;
        tasks.spawn(server::serve(
            upstream_listener,
            simulator.router(),
            ended.clone().cancelled_owned(),
            server::DRAIN_WITHIN,
        ));
        desks.push((service, simulator, upstream));
    }

    let base_url = format!("http://{address}");
    let allowed = desks
        .iter()
        .map(|(_, _, upstream)| upstream.to_string().parse());
    let settings = Settings {
        public_url: base_url.clone(),
        request_timeout: Duration::from_secs(30),
        max_in_flight: 2048,
        settle_after: gateway::SETTLE_AFTER,
        cors_origins: Vec::new(),
        allow_upstream: allowed.collect::<Result<_, _>>()?,
    };
    let (audit, writer) = Audit::into(store.clone(), true);
    tasks.spawn(writer.write(ended.clone()));
    let edge = gateway::edge(store.clone(), clock, audit, settings).await?;
    let NewKey {
        application_id,
        api_key,
        ..
    } = store.create_key(APPLICATION, KeyTerms::default()).await?;
    remove_accounts(&edge, &application_id).await?;
    let mut accounts = Vec::new();
    for (service, simulator, upstream) in desks {
        let origin = format!("http://{upstream}");
        let connected = Connected::new(&edge, &application_id, service, &*simulator, &origin);
        accounts.push(connected.await?);
    }

    let (draining, desks) = (Arc::clone(&edge.draining), edge.desks.clone());
    let pressure = edge.pressure.clone();
    let watching = async move { pressure.watch().await };
    tasks.spawn(ended.clone().run_until_cancelled_owned(watching));
    let end = drained(end, draining, Duration::ZERO);
    let serving = server::serve(listener, http::router(edge), end, server::DRAIN_WITHIN);
    let stays = data_dir.is_some();
    let shown = Shown {
        base_url,
        application_id,
        api_key,
        accounts,
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
    desks.settle().await;
    store.close().await;
    answered
}

/// Removes the accounts of an earlier demo: their help desks are gone.
async fn remove_accounts(edge: &Edge, application: &ApplicationId) -> Outcome {
    let whole = ListRequest::default();
    let authority = application.clone().into();
    let (earlier, _) = edge.desks.list_accounts(&authority, None, &whole).await?;
    for account in earlier {
        edge.desks.remove_account(application, account.id).await?;
    }
    Ok(())
}

/// Opens the demo's database, with a master key of its own that lies beside it.
async fn open_demo_store(folder: &Path, clock: &Clock) -> Outcome<Store> {
    let file = folder.join("master.key");
    let master_keys = if file.exists() {
        MasterKeys::from_base64(read_secret(&file)?.expose_secret())?
    } else {
        let key = MasterKey::generate();
        let mut out = fs::OpenOptions::new()
            .write(true)
            .create_new(true)
            .mode(0o600)
            .open(&file)?;
        writeln!(out, "{}", key.to_base64().expose_secret())?;
        key.into()
    };
    let database = folder.join("deskgate.db");
    Ok(Store::open(
        &format!("sqlite:{}", database.display()),
        &master_keys,
        clock.clone(),
    )
    .await?)
}

/// A connected account.
struct Connected {
    /// It.
    account: AccountId,
    /// Its kind.
    service: &'static str,
    /// A token for it.
    token: SecretString,
    /// What connects it; opens nothing but the simulated help desk.
    credentials: Map<String, Value>,
    /// A ticket of it.
    ticket: Option<String>,
}

/// What the demo shows of itself. Its secrets open nothing but the demo.
struct Shown {
    /// Origin of the gateway.
    base_url: String,
    /// Its application.
    application_id: ApplicationId,
    /// The application's key.
    api_key: SecretString,
    /// The connected accounts.
    accounts: Vec<Connected>,
    /// Whether the database stays when the demo ends.
    stays: bool,
}

impl Connected {
    /// Connects an account of a simulated help desk.
    async fn new(
        edge: &Edge,
        application: &ApplicationId,
        service: &'static str,
        simulator: &dyn Simulator,
        origin: &str,
    ) -> Outcome<Self> {
        let credentials = simulator.credentials(origin);
        let connection = Connection {
            service: service.into(),
            name: Some(format!("Simulated {}", edge.desks.title(service))),
            credentials: credentials.clone(),
            verify: true,
        };
        let terms = Terms::within(Duration::from_secs(10));
        let account = edge.desks.connect(application, connection, terms).await?;
        let scopes = [Scope::Read, Scope::Write, Scope::Raw];
        let tokens = &edge.access_tokens;
        let token = tokens.issue(&account, &scopes, TOKEN_LIFETIME).await?;
        Ok(Self {
            account: account.id,
            service,
            token,
            credentials,
            ticket: simulator.some_ticket(),
        })
    }

    /// For scripts: what connects it stands there as `upstream_…`.
    fn json(&self) -> Value {
        let mut account = json!({
            "id": self.account,
            "service": self.service,
            "token": self.token.expose_secret(),
        });
        for (name, value) in &self.credentials {
            account[format!("upstream_{name}")] = value.clone();
        }
        account
    }

    /// For people.
    fn text(&self) -> String {
        let members: Vec<_> = self
            .credentials
            .iter()
            .map(|(name, value)| format!("{name} {}", value.as_str().unwrap_or_default()))
            .collect();
        format!(
            "  account     {}  ({}: {})\n  token       {}",
            self.account,
            self.service,
            members.join(", "),
            self.token.expose_secret()
        )
    }
}

impl Shown {
    /// For scripts: one line.
    fn json(&self) -> String {
        let accounts: Vec<_> = self.accounts.iter().map(Connected::json).collect();
        json!({
            "base_url": self.base_url,
            "application_id": self.application_id.as_str(),
            "api_key": self.api_key.expose_secret(),
            "accounts": accounts,
        })
        .to_string()
    }

    /// For people: what to paste.
    fn text(&self, tickets: u32) -> String {
        let Self {
            base_url,
            application_id: _,
            api_key,
            accounts,
            stays,
        } = self;
        let list: Vec<_> = accounts.iter().map(Connected::text).collect();
        let list = list.join("\n");
        let names: Vec<_> = accounts.iter().map(|account| account.service).collect();
        let names = names.join(" and ");
        let Some(first) = accounts.first() else {
            return format!("deskgate runs at {base_url} with no help desk.");
        };
        let ticket = first.ticket.clone().unwrap_or_else(|| "1".into());
        let ticket = TicketId::from_upstream(ticket);
        let end = if *stays {
            "The database stays in its folder; the tickets are gone"
        } else {
            "Everything is gone"
        };
        let (api_key, token, account) = (
            api_key.expose_secret(),
            first.token.expose_secret(),
            first.account,
        );
        format!(
            "deskgate runs in front of simulated help desks with {tickets} tickets each: {names}.

  base URL    {base_url}
  docs        {base_url}/docs
  API key     {api_key}
{list}

Three to paste; another account's token does the same in the other help desk:

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
