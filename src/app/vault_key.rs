//! Where the master key comes from.

use std::fs;
use std::io::Read as _;
use std::path::Path;
use std::process::{Command, Stdio};

use secrecy::{ExposeSecret as _, SecretString};

use crate::app::Outcome;
use crate::clock::Clock;
use crate::config::Database;
use crate::store::Store;
use crate::store::master_key::MasterKeys;

/// Longest secret that is read from a file, in bytes.
const MAX_SECRET: u64 = 64 * 1024;

/// Opens the database with the master key that the settings name.
pub(super) async fn open_store(database: &Database, clock: &Clock) -> Outcome<Store> {
    let url = database.database_url.expose_secret();
    let master_keys = master_keys(database)?;
    Ok(Store::open(url, &master_keys, clock.clone()).await?)
}

/// The master keys of the settings. Without one nothing is stored: there is no unsealed mode.
fn master_keys(database: &Database) -> Outcome<MasterKeys> {
    #[expect(
        clippy::disallowed_methods,
        reason = "the one secret that is no option, so that it is in no list of processes"
    )]
    let from_environment = std::env::var("DESKGATE_MASTER_KEY")
        .ok()
        .filter(|key| !key.is_empty())
        .map(SecretString::from);
    let from_file = database.master_key_file.as_deref();
    let from_command = database.master_key_command.as_deref();
    let keys = match (from_environment, from_file, from_command) {
        (Some(keys), None, None) => keys,
        (None, Some(file), None) => read_secret(file)?,
        (None, None, Some(command)) => run_for_secret(command)?,
        (None, None, None) => {
            return Err("a master key is needed to seal credentials: set DESKGATE_MASTER_KEY to 32 bytes in base64, \
                        such as `head -c 32 /dev/urandom | base64` prints, DESKGATE_MASTER_KEY_FILE to a file that \
                        holds them, or DESKGATE_MASTER_KEY_COMMAND to a command that prints them; keep it, for nothing \
                        opens the database without it"
                .into());
        }
        _ => {
            return Err("set only one of DESKGATE_MASTER_KEY, DESKGATE_MASTER_KEY_FILE and DESKGATE_MASTER_KEY_COMMAND".into());
        }
    };
    Ok(MasterKeys::from_base64(keys.expose_secret())?)
}

/// Reads a secret that a command prints. Its parts are divided by blanks; there is no shell.
fn run_for_secret(command: &str) -> Outcome<SecretString> {
    let mut parts = command.split_ascii_whitespace();
    let program = parts.next().ok_or("DESKGATE_MASTER_KEY_COMMAND is empty")?;
    // What it says on its standard error goes to ours.
    let ran = Command::new(program)
        .args(parts)
        .stderr(Stdio::inherit())
        .output();
    let ran = ran.map_err(|error| {
        format!("the command {program} for the master key cannot be run: {error}")
    })?;
    if !ran.status.success() {
        return Err(format!(
            "the command {program} for the master key failed: {}",
            ran.status
        )
        .into());
    }
    let text = String::from_utf8(ran.stdout);
    Ok(text
        .map_err(|_| "the command for the master key did not print a text")?
        .into())
}

/// Reads a secret from a file, or from standard input for `-`; blanks around it do not count.
pub(super) fn read_secret(file: &Path) -> Outcome<SecretString> {
    let mut text = String::new();
    let read = if file == Path::new("-") {
        std::io::stdin()
            .lock()
            .take(MAX_SECRET)
            .read_to_string(&mut text)
    } else {
        fs::File::open(file).and_then(|file| file.take(MAX_SECRET).read_to_string(&mut text))
    };
    read.map_err(|error| format!("the secret in {} cannot be read: {error}", file.display()))?;
    Ok(SecretString::from(text.trim()))
}
