//! Every setting: its option, its name in the environment, its default. `--help` is the reference.

use std::net::SocketAddr;
use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};
use secrecy::SecretString;

use crate::access_token::Scope;
use crate::http::cors::Origin;
use crate::model::id::AccountId;
use crate::providers::Simulate;
use crate::simulator::DemoPlan;
use crate::transport::egress::AllowedUpstream;

/// One API for every help desk: the Kloudless Help Desk API, in front of Freshdesk and others.
///
/// Start with `deskgate demo`: it needs no account anywhere. Every option is also an environment
/// variable, named in its help. Standard output carries a command's answer only, logs go to
/// standard error.
#[derive(Debug, Parser)]
#[command(
    name = "deskgate",
    version,
    about,
    arg_required_else_help = true,
    propagate_version = true
)]
pub struct Cli {
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
    /// How to log.
    #[command(flatten)]
    pub logging: Logging,
}

/// How to log.
#[derive(Debug, Args)]
#[command(next_help_heading = "Logging")]
pub struct Logging {
    /// What is logged: a level (error, warn, info, debug, trace), or directives such as
    /// `info,deskgate::transport=debug`.
    #[arg(
        long,
        env = "DESKGATE_LOG",
        default_value = "info",
        global = true,
        value_name = "FILTER"
    )]
    pub log: String,
    /// How log lines look.
    #[arg(
        long,
        env = "DESKGATE_LOG_FORMAT",
        default_value = "text",
        global = true,
        value_name = "FORMAT"
    )]
    pub log_format: LogFormat,
}

/// How log lines look.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum LogFormat {
    /// For people.
    Text,
    /// One JSON object a line.
    Json,
}

/// What to do.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Runs the gateway.
    Serve(Serve),
    /// Runs the gateway in front of simulated help desks: no account, no database to install.
    Demo(Demo),
    /// Runs a simulated help desk alone, to test clients of that vendor.
    #[command(subcommand)]
    Simulate(Simulate),
    /// Connects, lists and removes accounts, without a running gateway.
    #[command(subcommand)]
    Account(AccountCommand),
    /// Makes, lists and revokes API keys of applications, and replaces the gateway's own keys, beside running gateways.
    #[command(subcommand, visible_alias = "keys")]
    Key(KeyCommand),
    /// Issues access tokens, without a running gateway.
    #[command(subcommand)]
    Token(TokenCommand),
    /// Prints the OpenAPI document.
    Openapi,
    /// Asks a running gateway whether it is alive; for containers. Ends with 0 if it is.
    Healthcheck(Healthcheck),
}

/// The database, and the key to what is sealed in it.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Store")]
pub struct Database {
    /// The database: a file for the embedded SQLite, made if it is missing, or a PostgreSQL server for several
    /// gateways, such as `postgres://user:password@db.example.com/deskgate`.
    #[arg(
        long,
        env = "DESKGATE_DATABASE_URL",
        default_value = "sqlite:deskgate.db",
        value_name = "URL",
        hide_env_values = true
    )]
    pub database_url: SecretString,
    /// File that holds the master key: 32 bytes in base64, such as `head -c 32 /dev/urandom | base64`
    /// prints. Or set `DESKGATE_MASTER_KEY` to the key itself. While one key replaces another: the new one first, the
    /// former one behind it, on a line of its own or after a blank.
    #[arg(long, env = "DESKGATE_MASTER_KEY_FILE", value_name = "FILE")]
    pub master_key_file: Option<PathBuf>,
    /// Command that prints the master key instead, such as a secret manager's. Its parts are divided by blanks; it is run
    /// without a shell.
    #[arg(long, env = "DESKGATE_MASTER_KEY_COMMAND", value_name = "COMMAND")]
    pub master_key_command: Option<String>,
}

/// Runs the gateway.
#[derive(Debug, Args)]
pub struct Serve {
    /// Address to listen on.
    #[arg(
        long,
        env = "DESKGATE_LISTEN",
        default_value = "127.0.0.1:8080",
        value_name = "HOST:PORT"
    )]
    pub listen: SocketAddr,
    /// Origin under which clients reach the gateway, for the addresses in its answers, such as
    /// `https://desk.example.com`. Needed unless the listen address is a loopback one.
    #[arg(long, env = "DESKGATE_PUBLIC_URL", value_name = "URL")]
    pub public_url: Option<String>,
    /// Address on which /metrics is served. Off by default.
    #[arg(long, env = "DESKGATE_METRICS_LISTEN", value_name = "HOST:PORT")]
    pub metrics_listen: Option<SocketAddr>,
    /// How long a request may take, in seconds, upstream calls included.
    #[arg(long, env = "DESKGATE_REQUEST_TIMEOUT", default_value = "30", value_name = "SECONDS",
          value_parser = clap::value_parser!(u64).range(1..=300))]
    pub request_timeout: u64,
    /// How many requests may be under way at once; further ones are refused with 503.
    #[arg(long, env = "DESKGATE_MAX_IN_FLIGHT", default_value = "2048", value_name = "NUMBER",
          value_parser = clap::value_parser!(u32).range(1..=1_000_000))]
    pub max_in_flight: u32,
    /// How long after a ticket or comment was sent to a help desk and the answer was lost its absence there proves that
    /// it was not made, in seconds. Until then nobody sends it again. Longer than a help desk may take to do what it
    /// was sent and to show it; 0 sends again without a look, which makes duplicates.
    #[arg(long, env = "DESKGATE_SETTLE_AFTER", default_value = "120", value_name = "SECONDS",
          value_parser = clap::value_parser!(u64).range(0..=3600))]
    pub settle_after: u64,
    /// How long requests are still taken after SIGTERM, in seconds: /readyz fails at once, so that whoever sends requests
    /// here notices and stops. Then those under way are finished.
    #[arg(long, env = "DESKGATE_DRAIN_DELAY", default_value = "5", value_name = "SECONDS",
          value_parser = clap::value_parser!(u64).range(0..=300))]
    pub drain_delay: u64,
    /// Origins of the web pages that may call the API from a browser, such as `https://app.example.com`; several
    /// separated by commas. None by default.
    #[arg(
        long,
        env = "DESKGATE_CORS_ORIGINS",
        value_delimiter = ',',
        value_name = "ORIGIN"
    )]
    pub cors_origins: Vec<Origin>,
    /// How many days the audit log is kept; 0 writes none.
    #[arg(long, env = "DESKGATE_AUDIT_DAYS", default_value = "30", value_name = "DAYS",
          value_parser = clap::value_parser!(u32).range(0..=3650))]
    pub audit_days: u32,
    /// The store.
    #[command(flatten)]
    pub database: Database,
    /// Upstreams outside of the vendors' domains.
    #[command(flatten)]
    pub upstreams: Upstreams,
}

/// Upstreams outside of the vendors' domains.
#[derive(Debug, Clone, Default, Args)]
#[command(next_help_heading = "Upstreams")]
pub struct Upstreams {
    /// Upstreams outside of the vendors' domains that accounts may use: `host:port`, several
    /// separated by commas. None by default.
    #[arg(
        long,
        env = "DESKGATE_ALLOW_UPSTREAM",
        value_delimiter = ',',
        value_name = "HOST:PORT"
    )]
    pub allow_upstream: Vec<AllowedUpstream>,
}

/// Runs the gateway in front of simulated help desks.
#[derive(Debug, Args)]
pub struct Demo {
    /// Address to listen on.
    #[arg(
        long,
        env = "DESKGATE_LISTEN",
        default_value = "127.0.0.1:8080",
        value_name = "HOST:PORT"
    )]
    pub listen: SocketAddr,
    /// Prints one line of JSON once everything answers, instead of a text.
    #[arg(long, env = "DESKGATE_JSON")]
    pub json: bool,
    /// Tickets in each simulated help desk.
    #[arg(long, env = "DESKGATE_DEMO_TICKETS", default_value = "250", value_name = "NUMBER", value_parser = clap::value_parser!(u32).range(0..=100_000))]
    pub tickets: u32,
    /// Which simulated help desks: the same number makes the same one.
    #[arg(
        long,
        env = "DESKGATE_DEMO_SEED",
        default_value_t = 2026,
        value_name = "NUMBER"
    )]
    pub seed: u64,
    /// The vendors' plan whose rate limits the simulated help desks have.
    #[arg(
        long,
        env = "DESKGATE_DEMO_PLAN",
        default_value = "unlimited",
        value_name = "PLAN"
    )]
    pub plan: DemoPlan,
    /// Folder for the database. A temporary one by default, removed at the end.
    #[arg(long, env = "DESKGATE_DEMO_DATA_DIR", value_name = "DIR")]
    pub data_dir: Option<PathBuf>,
}

/// Works on accounts.
#[derive(Debug, Subcommand)]
pub enum AccountCommand {
    /// Connects an account: tries the credential against the help desk, then stores it sealed.
    Add(Box<AccountAdd>),
    /// Lists all accounts.
    List(AccountList),
    /// Removes an account and its credential. The help desk is not touched.
    Remove(AccountRemove),
}

/// Connects an account.
#[derive(Debug, Args)]
pub struct AccountAdd {
    /// The kind of help desk.
    #[arg(
        long,
        env = "DESKGATE_ACCOUNT_SERVICE",
        value_name = "SERVICE",
        default_value = "freshdesk"
    )]
    pub service: String,
    /// First part of the help desk's address: `acme` of `acme.freshdesk.com`.
    #[arg(
        long,
        env = "DESKGATE_ACCOUNT_DOMAIN",
        value_name = "NAME",
        conflicts_with = "url"
    )]
    pub domain: Option<String>,
    /// Origin of the help desk instead of its name, for one that `--allow-upstream` lists.
    #[arg(long, env = "DESKGATE_ACCOUNT_URL", value_name = "URL")]
    pub url: Option<String>,
    /// File that holds the API key (Freshdesk); `-` is standard input.
    #[arg(long, env = "DESKGATE_ACCOUNT_API_KEY_FILE", value_name = "FILE")]
    pub api_key_file: Option<PathBuf>,
    /// Another member that the kind of help desk asks for and that is no secret, such as `subdomain=acme` or
    /// `redact_comments=true`. May be repeated.
    #[arg(long, env = "DESKGATE_ACCOUNT_MEMBERS", value_delimiter = ',', value_name = "NAME=VALUE", value_parser = pair)]
    pub member: Vec<(String, String)>,
    /// Another member that is a secret, and the file that holds it, such as `api_token=zendesk.token`. May be
    /// repeated.
    #[arg(long, env = "DESKGATE_ACCOUNT_SECRET_FILES", value_delimiter = ',', value_name = "NAME=FILE", value_parser = pair)]
    pub secret_file: Vec<(String, String)>,
    /// Name of the account, for people.
    #[arg(long, env = "DESKGATE_ACCOUNT_NAME", value_name = "TEXT")]
    pub name: Option<String>,
    /// Application that the account belongs to, by name or id. Needed if there are several.
    #[arg(long, env = "DESKGATE_ACCOUNT_APPLICATION", value_name = "APPLICATION")]
    pub application: Option<String>,
    /// Stores the credential without trying it.
    #[arg(long, env = "DESKGATE_ACCOUNT_NO_VERIFY")]
    pub no_verify: bool,
    /// Prints one line of JSON.
    #[arg(long, env = "DESKGATE_JSON")]
    pub json: bool,
    /// The store.
    #[command(flatten)]
    pub database: Database,
    /// Upstreams outside of the vendors' domains.
    #[command(flatten)]
    pub upstreams: Upstreams,
}

/// Reads `name=value`.
fn pair(text: &str) -> Result<(String, String), String> {
    let pair = text.split_once('=').filter(|(name, _)| !name.is_empty());
    let (name, value) = pair.ok_or("must be a name, an equals sign and a value")?;
    Ok((name.to_owned(), value.to_owned()))
}

/// Lists all accounts.
#[derive(Debug, Args)]
pub struct AccountList {
    /// Prints one line of JSON.
    #[arg(long, env = "DESKGATE_JSON")]
    pub json: bool,
    /// The store.
    #[command(flatten)]
    pub database: Database,
}

/// Removes an account.
#[derive(Debug, Args)]
pub struct AccountRemove {
    /// Id of the account.
    #[arg(value_name = "ACCOUNT")]
    pub account: AccountId,
    /// Prints one line of JSON.
    #[arg(long, env = "DESKGATE_JSON")]
    pub json: bool,
    /// The store.
    #[command(flatten)]
    pub database: Database,
}

/// Works on API keys.
#[derive(Debug, Subcommand)]
pub enum KeyCommand {
    /// Makes an API key for an application, and the application if it does not exist.
    Create(KeyCreate),
    /// Lists all API keys, without their secrets.
    List(KeyList),
    /// Revokes an API key; running gateways notice within five seconds.
    Revoke(KeyRevoke),
    /// Seals everything in the database again under the first of the master keys, while gateways go on serving.
    ///
    /// First have every gateway know both keys, the former one first; then have every gateway take the new one first; then
    /// run this; then take the former one away.
    Rotate(KeyRotate),
    /// Has access tokens signed with a new key. Those that the former one has signed count on for a while.
    RotateSigning(KeyRotateSigning),
}

/// Makes an API key.
#[derive(Debug, Args)]
pub struct KeyCreate {
    /// Name of the application.
    #[arg(value_name = "NAME")]
    pub name: String,
    /// What the key is for, for people.
    #[arg(long, env = "DESKGATE_KEY_LABEL", value_name = "TEXT")]
    pub label: Option<String>,
    /// What the key may do, several separated by commas: `helpdesk:read`, `helpdesk:write`, `raw` (the help desks' own APIs),
    /// `accounts` (connect and change accounts, issue and revoke their tokens, read the audit log). Everything by default.
    #[arg(long, env = "DESKGATE_KEY_SCOPES", value_delimiter = ',', value_name = "SCOPE", value_parser = scope)]
    pub scopes: Vec<Scope>,
    /// How long the key counts, in days. Until it is revoked by default.
    #[arg(long, env = "DESKGATE_KEY_DAYS", value_name = "DAYS", value_parser = clap::value_parser!(u32).range(1..=36_500))]
    pub days: Option<u32>,
    /// Prints one line of JSON.
    #[arg(long, env = "DESKGATE_JSON")]
    pub json: bool,
    /// The store.
    #[command(flatten)]
    pub database: Database,
}

/// Reads a scope.
fn scope(text: &str) -> Result<Scope, String> {
    let found = Scope::ALL.into_iter().find(|scope| scope.name() == text);
    found.ok_or_else(|| format!("must be one of {}", Scope::ALL.map(Scope::name).join(", ")))
}

/// Lists all API keys.
#[derive(Debug, Args)]
pub struct KeyList {
    /// Prints one line of JSON.
    #[arg(long, env = "DESKGATE_JSON")]
    pub json: bool,
    /// The store.
    #[command(flatten)]
    pub database: Database,
}

/// Seals everything again.
#[derive(Debug, Args)]
pub struct KeyRotate {
    /// Prints one line of JSON.
    #[arg(long, env = "DESKGATE_JSON")]
    pub json: bool,
    /// The store.
    #[command(flatten)]
    pub database: Database,
}

/// Has access tokens signed with a new key.
#[derive(Debug, Args)]
pub struct KeyRotateSigning {
    /// How long tokens that were signed before still count, in seconds; 0 ends them all.
    #[arg(
        long,
        env = "DESKGATE_KEY_OVERLAP",
        default_value = "86400",
        value_name = "SECONDS"
    )]
    pub overlap: u64,
    /// Prints one line of JSON.
    #[arg(long, env = "DESKGATE_JSON")]
    pub json: bool,
    /// The store.
    #[command(flatten)]
    pub database: Database,
}

/// Revokes an API key.
#[derive(Debug, Args)]
pub struct KeyRevoke {
    /// The middle part of the key: `abc…` of `dg_abc…_…`.
    #[arg(value_name = "KEY_ID")]
    pub key_id: String,
    /// Prints one line of JSON.
    #[arg(long, env = "DESKGATE_JSON")]
    pub json: bool,
    /// The store.
    #[command(flatten)]
    pub database: Database,
}

/// Works on access tokens.
#[derive(Debug, Subcommand)]
pub enum TokenCommand {
    /// Issues an access token for one account.
    Issue(TokenIssue),
}

/// Issues an access token.
#[derive(Debug, Args)]
pub struct TokenIssue {
    /// Id of the account.
    #[arg(long, env = "DESKGATE_TOKEN_ACCOUNT", value_name = "ACCOUNT")]
    pub account: AccountId,
    /// How long the token counts, in seconds.
    #[arg(long, env = "DESKGATE_TOKEN_LIFETIME", default_value = "3600", value_name = "SECONDS", value_parser = clap::value_parser!(u64).range(1..=31_536_000))]
    pub lifetime: u64,
    /// Lets the token read only.
    #[arg(long, env = "DESKGATE_TOKEN_READ_ONLY")]
    pub read_only: bool,
    /// Lets the token call the help desk's own API, too.
    #[arg(long, env = "DESKGATE_TOKEN_RAW")]
    pub raw: bool,
    /// Prints one line of JSON.
    #[arg(long, env = "DESKGATE_JSON")]
    pub json: bool,
    /// The store.
    #[command(flatten)]
    pub database: Database,
}

/// Asks a running gateway whether it is alive.
#[derive(Debug, Args)]
pub struct Healthcheck {
    /// Address that the gateway listens on.
    #[arg(
        long,
        env = "DESKGATE_LISTEN",
        default_value = "127.0.0.1:8080",
        value_name = "HOST:PORT"
    )]
    pub listen: SocketAddr,
}
