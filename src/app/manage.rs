//! `deskgate account`, `key` and `token`: work on the database, without a running gateway.

use std::fmt::Write as _;
use std::time::Duration;

use secrecy::ExposeSecret as _;
use serde_json::{Map, Value, json};

use crate::access_token::{AccessTokens, Scope};
use crate::app::vault_key::{open_store, read_secret};
use crate::app::{Outcome, answer, gateway};
use crate::clock::Clock;
use crate::config::{
    AccountAdd, AccountCommand, AccountList, AccountRemove, KeyCommand, KeyCreate, KeyList,
    KeyRevoke, KeyRotate, KeyRotateSigning, TokenCommand, TokenIssue,
};
use crate::desk::accounts::Connection;
use crate::provider::upstream::Terms;
use crate::store::Store;
use crate::store::accounts::Account;
use crate::store::accounts::position::AccountPosition;
use crate::store::applications::ApplicationId;
use crate::store::keys::{KeyTerms, ListedKey, NewKey};
use crate::store::resealing::Resealed;

/// How long trying a credential may take.
const TRY_WITHIN: Duration = Duration::from_secs(30);
/// Accounts that are read at once when all are listed.
const AT_ONCE: u32 = 500;

/// Works on accounts.
pub(super) async fn account(command: AccountCommand) -> Outcome {
    match command {
        AccountCommand::Add(add) => add_account(*add).await,
        AccountCommand::List(list) => list_accounts(list).await,
        AccountCommand::Remove(remove) => remove_account(remove).await,
    }
}

/// Connects an account.
async fn add_account(add: AccountAdd) -> Outcome {
    let AccountAdd {
        service,
        domain,
        url,
        api_key_file,
        member,
        secret_file,
        name,
        application,
        no_verify,
        json,
        database,
        upstreams,
    } = add;
    let mut credentials = Map::new();
    let named = [("domain", domain), ("url", url)].into_iter();
    let named = named.filter_map(|(name, value)| Some((name.to_owned(), value?)));
    for (name, value) in named.chain(member) {
        let value = match value.as_str() {
            "true" => Value::Bool(true),
            "false" => Value::Bool(false),
            _ => Value::String(value),
        };
        credentials.insert(name, value);
    }
    let key = api_key_file.map(|file| ("api_key".to_owned(), file));
    let secrets = secret_file
        .into_iter()
        .map(|(name, file)| (name, file.into()));
    for (name, file) in key.into_iter().chain(secrets) {
        let secret = read_secret(&file)?;
        credentials.insert(name, Value::String(secret.expose_secret().to_owned()));
    }
    let clock = Clock::system();
    let store = open_store(&database, &clock).await?;
    let application = application_of(&store, application).await?;
    let desks = gateway::desks(
        &store,
        &clock,
        gateway::SETTLE_AFTER,
        upstreams.allow_upstream,
    )?;
    let connection = Connection {
        service,
        name,
        credentials,
        verify: !no_verify,
    };
    let account = desks
        .connect(&application, connection, Terms::within(TRY_WITHIN))
        .await?;
    store.close().await;
    if json {
        return answer(&shown(&account).to_string());
    }
    answer(&format!(
        "account {} is connected to {}\n\nNext, a token for it:\n\n  deskgate token issue --account {}",
        account.id, account.origin, account.id
    ))
}

/// The application that is meant: the one that is named, or the only one there is.
async fn application_of(store: &Store, named: Option<String>) -> Outcome<ApplicationId> {
    if let Some(named) = named {
        let found = store.find_application(&named).await?;
        return Ok(found
            .ok_or_else(|| {
                format!("there is no application {named}: deskgate key create {named} makes it")
            })?
            .id);
    }
    let mut applications = store.list_applications().await?;
    match (applications.pop(), applications.is_empty()) {
        (Some(only), true) => Ok(only.id),
        (Some(_), false) => {
            Err("there are several applications: say which one with --application".into())
        }
        (None, _) => Err("there is no application yet: deskgate key create NAME makes one".into()),
    }
}

/// An account as commands show it.
fn shown(account: &Account) -> Value {
    let Account {
        id,
        application_id,
        service,
        origin,
        account: login,
        name,
        options: _,
        active,
        reconnect_since,
        tokens_from: _,
        created_at,
        modified_at: _,
    } = account;
    json!({
        "id": id, "application_id": application_id.as_str(), "service": service, "url": origin, "account": login,
        "name": name, "active": active, "reconnect_since": reconnect_since, "created": created_at,
    })
}

/// Lists all accounts.
async fn list_accounts(list: AccountList) -> Outcome {
    let store = open_store(&list.database, &Clock::system()).await?;
    let mut accounts = Vec::new();
    loop {
        let after = accounts.last().map(AccountPosition::from);
        let more = store.list_all_accounts(after, AT_ONCE).await?;
        if more.is_empty() {
            break;
        }
        accounts.extend(more);
    }
    store.close().await;
    if list.json {
        return answer(
            &json!({ "accounts": accounts.iter().map(shown).collect::<Vec<_>>() }).to_string(),
        );
    }
    if accounts.is_empty() {
        return answer("no account is connected: deskgate account add --help says how");
    }
    let mut text = String::new();
    for account in &accounts {
        let name = account
            .name
            .as_deref()
            .or(account.account.as_deref())
            .unwrap_or_default();
        let state = if account.active { "active" } else { "inactive" };
        writeln!(
            text,
            "{:>16}  {:<10}  {:<8}  {}  {name}",
            account.id, account.service, state, account.origin
        )?;
    }
    answer(text.trim_end())
}

/// Removes an account.
async fn remove_account(remove: AccountRemove) -> Outcome {
    let AccountRemove {
        account,
        json,
        database,
    } = remove;
    let store = open_store(&database, &Clock::system()).await?;
    let Some(found) = store.inspect_account(account).await? else {
        return Err(
            format!("there is no account {account}: deskgate account list shows all").into(),
        );
    };
    store.delete_account(&found.application_id, account).await?;
    store.close().await;
    if json {
        return answer(&json!({ "id": account, "removed": true }).to_string());
    }
    answer(&format!(
        "account {account} is removed; running gateways notice within five seconds"
    ))
}

/// Works on API keys.
pub(super) async fn key(command: KeyCommand) -> Outcome {
    match command {
        KeyCommand::Create(create) => create_key(create).await,
        KeyCommand::List(KeyList { json, database }) => {
            let store = open_store(&database, &Clock::system()).await?;
            let keys = store.list_keys().await?;
            store.close().await;
            list_keys(&keys, json)
        }
        KeyCommand::Rotate(KeyRotate { json, database }) => {
            let store = open_store(&database, &Clock::system()).await?;
            let resealed = store.reseal().await?;
            store.close().await;
            tell_resealed(&resealed, json)
        }
        KeyCommand::RotateSigning(KeyRotateSigning {
            overlap,
            json,
            database,
        }) => {
            let store = open_store(&database, &Clock::system()).await?;
            let id = store
                .rotate_signing_key(Duration::from_secs(overlap))
                .await?;
            store.close().await;
            if json {
                return answer(&json!({ "signing_key": id, "overlap": overlap }).to_string());
            }
            answer(&format!(
                "access tokens are signed with the key {id} from now on, by running gateways within five seconds; those that \
                 were signed before count for {overlap} more seconds at most"
            ))
        }
        KeyCommand::Revoke(KeyRevoke {
            key_id,
            json,
            database,
        }) => {
            let store = open_store(&database, &Clock::system()).await?;
            let revoked = store.revoke_key(&key_id).await?;
            store.close().await;
            if !revoked {
                return Err(format!("there is no key {key_id} that counts").into());
            }
            if json {
                return answer(&json!({ "key_id": key_id, "revoked": true }).to_string());
            }
            answer(&format!(
                "key {key_id} is revoked; running gateways notice within five seconds"
            ))
        }
    }
}

/// A name that people give.
fn is_name(name: &str) -> bool {
    !name.trim().is_empty() && name.len() <= 100 && !name.chars().any(char::is_control)
}

/// Makes an API key.
async fn create_key(create: KeyCreate) -> Outcome {
    let KeyCreate {
        name,
        label,
        scopes,
        days,
        json,
        database,
    } = create;
    if !is_name(&name) {
        return Err(
            "the name of an application has 1 to 100 characters, none of them a control character"
                .into(),
        );
    }
    if label.as_deref().is_some_and(|label| !is_name(label)) {
        return Err("a label has 1 to 100 characters, none of them a control character".into());
    }
    let scopes: Vec<_> = scopes.into_iter().map(Scope::name).collect();
    let terms = KeyTerms {
        name: label,
        scopes: (!scopes.is_empty()).then(|| scopes.join(" ")),
        lifetime: days.map(|days| Duration::from_hours(24) * days),
    };
    let store = open_store(&database, &Clock::system()).await?;
    let NewKey {
        application_id,
        key_id,
        api_key,
    } = store.create_key(&name, terms).await?;
    store.close().await;
    let api_key = api_key.expose_secret();
    if json {
        let application_id = application_id.as_str();
        let shown =
            json!({ "application_id": application_id, "key_id": key_id, "api_key": api_key });
        return answer(&shown.to_string());
    }
    answer(&format!(
        "application {name} ({application_id})\n\n  {api_key}\n\nThis is shown once. Send it as `Authorization: \
         APIKey …`.\n\nNext, an account:\n\n  deskgate account add --application {name} --domain acme --api-key-file FILE"
    ))
}

/// Shows API keys.
fn list_keys(keys: &[ListedKey], json: bool) -> Outcome {
    if json {
        let shown = |key: &ListedKey| {
            json!({
                "key_id": key.id, "application": key.application, "label": key.name, "scopes": key.scopes,
                "created": key.created_at, "last_used": key.last_used_at, "expires": key.expires_at,
                "revoked": key.revoked_at,
            })
        };
        let keys: Vec<_> = keys.iter().map(shown).collect();
        return answer(&json!({ "keys": keys }).to_string());
    }
    if keys.is_empty() {
        return answer("there is no key yet: deskgate key create NAME makes one");
    }
    let mut text = String::new();
    for key in keys {
        let scopes = key.scopes.as_deref().unwrap_or("everything");
        let used = match key.last_used_at {
            None => "never used".to_owned(),
            Some(at) => format!("last used {}", at.strftime("%F %R")),
        };
        let end = match (key.revoked_at, key.expires_at) {
            (Some(at), _) => format!(", revoked {}", at.strftime("%F %R")),
            (None, Some(at)) => format!(", expires {}", at.strftime("%F %R")),
            (None, None) => String::new(),
        };
        let label = key.name.as_deref().unwrap_or_default();
        let (id, application) = (&key.id, &key.application);
        writeln!(text, "{id}  {application}  {scopes}  {used}{end}  {label}")?;
    }
    answer(text.trim_end())
}

/// Says what was sealed again. What does not open is a failure: with the former master key it would be lost.
fn tell_resealed(resealed: &Resealed, json: bool) -> Outcome {
    let Resealed {
        accounts,
        answers,
        keys,
        unopened,
    } = resealed;
    if !unopened.is_empty() {
        let ids: Vec<_> = unopened.iter().map(ToString::to_string).collect();
        return Err(format!(
            "{accounts} accounts are sealed again, but none of the master keys opens these: {}; give the key that they were \
             sealed with, or new credentials to them",
            ids.join(", ")
        )
        .into());
    }
    if json {
        return answer(
            &json!({ "accounts": accounts, "answers": answers, "keys": keys }).to_string(),
        );
    }
    answer(&format!(
        "sealed again: {accounts} accounts, {answers} kept answers, {keys} keys of the gateway's own; nothing needs a former \
         master key any more"
    ))
}

/// Works on access tokens.
pub(super) async fn token(command: TokenCommand) -> Outcome {
    let TokenCommand::Issue(TokenIssue {
        account,
        lifetime,
        read_only,
        raw,
        json,
        database,
    }) = command;
    let clock = Clock::system();
    let store = open_store(&database, &clock).await?;
    let Some(found) = store.inspect_account(account).await? else {
        return Err(
            format!("there is no account {account}: deskgate account list shows all").into(),
        );
    };
    let mut scopes = vec![Scope::Read];
    scopes.extend((!read_only).then_some(Scope::Write));
    scopes.extend(raw.then_some(Scope::Raw));
    let tokens = AccessTokens::open(store.clone(), clock, gateway::FRESH).await?;
    let lifetime_of_it = Duration::from_secs(lifetime);
    let token = tokens.issue(&found, &scopes, lifetime_of_it).await?;
    store.close().await;
    let token = token.expose_secret();
    if json {
        return answer(
            &json!({ "token": token, "account_id": account, "expires_in": lifetime }).to_string(),
        );
    }
    answer(&format!(
        "{token}\n\nIt counts for {lifetime} seconds. Send it as `Authorization: Bearer …`, for example:\n\n  curl -H \
         'Authorization: Bearer …' http://127.0.0.1:8080/v1/accounts/me/helpdesk/tickets"
    ))
}
