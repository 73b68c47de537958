//! `deskgate account`, `key` and `token`: work on the database, without a running gateway.

use std::fmt::Write as _;
use std::time::Duration;

use secrecy::ExposeSecret as _;
use serde_json::{Map, Value, json};

use crate::access_token::Scope;
use crate::app::vault_key::{open_store, read_secret};
use crate::app::{Outcome, answer, gateway};
use crate::clock::Clock;
use crate::config::{
    AccountAdd, AccountCommand, AccountList, AccountRemove, KeyCommand, KeyCreate, KeyRevoke,
    TokenCommand, TokenIssue,
};
use crate::desk::accounts::Connection;
use crate::provider::upstream::Terms;
use crate::store::Store;
use crate::store::accounts::Account;
use crate::store::accounts::position::AccountPosition;
use crate::store::applications::ApplicationId;
use crate::store::keys::NewKey;

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
        KeyCommand::Create(KeyCreate {
            name,
            json,
            database,
        }) => {
            if name.trim().is_empty() || name.len() > 100 || name.chars().any(char::is_control) {
                return Err("the name of an application has 1 to 100 characters, none of them a control character".into());
            }
            let store = open_store(&database, &Clock::system()).await?;
            let NewKey {
                application_id,
                key_id: _,
                api_key,
            } = store.create_key(&name).await?;
            store.close().await;
            let api_key = api_key.expose_secret();
            if json {
                let shown =
                    json!({ "application_id": application_id.as_str(), "api_key": api_key });
                return answer(&shown.to_string());
            }
            answer(&format!(
                "application {name} ({application_id})\n\n  {api_key}\n\nThis is shown once. Send it as `Authorization: \
                 APIKey …`.\n\nNext, an account:\n\n  deskgate account add --application {name} --domain acme --api-key-file FILE"
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

/// Works on access tokens.
pub(super) async fn token(command: TokenCommand) -> Outcome {
    let TokenCommand::Issue(TokenIssue {
        account,
        lifetime,
        read_only,
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
    let scopes: &[Scope] = if read_only {
        &[Scope::Read]
    } else {
        &[Scope::Read, Scope::Write]
    };
    let tokens = gateway::access_tokens(&store, &clock);
    let token = tokens.issue(
        &found.application_id,
        account,
        scopes,
        Duration::from_secs(lifetime),
    )?;
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
