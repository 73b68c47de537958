//! Where the master key comes from.

use std::fs;
use std::io::Read as _;
use std::path::Path;

use secrecy::{ExposeSecret as _, SecretString};

use crate::app::Outcome;
use crate::clock::Clock;
use crate::config::Database;
use crate::store::Store;
use crate::store::master_key::MasterKey;

/// Longest secret that is read from a file, in bytes.
const MAX_SECRET: u64 = 64 * 1024;

/// Opens the database with the master key that the settings name.
pub(super) async fn open_store(database: &Database, clock: &Clock) -> Outcome<Store> {
    let url = database.database_url.expose_secret();
    let master_key = master_key(database)?;
    Ok(Store::open(url, &master_key, clock.clone()).await?)
}

/// The master key of the settings. Without one nothing is stored: there is no unsealed mode.
fn master_key(database: &Database) -> Outcome<MasterKey> {
    #[expect(
        clippy::disallowed_methods,
        reason = "the one secret that is no option, so that it is in no list of processes"
    )]
    let from_environment = std::env::var("DESKGATE_MASTER_KEY")
        .ok()
        .filter(|key| !key.is_empty())
        .map(SecretString::from);
    let key = match (from_environment, &database.master_key_file) {
        (Some(_), Some(_)) => {
            return Err("set DESKGATE_MASTER_KEY or DESKGATE_MASTER_KEY_FILE, not both".into());
        }
        (Some(key), None) => key,
        (None, Some(file)) => read_secret(file)?,
        (None, None) => {
            return Err("a master key is needed to seal credentials: set DESKGATE_MASTER_KEY to 32 bytes in base64, \
                        such as `head -c 32 /dev/urandom | base64` prints, or DESKGATE_MASTER_KEY_FILE to a file that \
                        holds them; keep it, for nothing opens the database without it"
                .into());
        }
    };
    Ok(MasterKey::from_base64(key.expose_secret().trim())?)
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
