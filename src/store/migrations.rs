//! The migrations, inside of the program: the same files for both databases.

use sqlx::{
    SqlSafeStr,
    migrate::{Migration, MigrationType, Migrator},
};

/// Every file of `migrations/` in the order of its number: number, name, text.
///
/// Files that were released never change: a database remembers the hash of each.
const MIGRATIONS: &[(i64, &str, &str)] = &[
    (
        1,
        "applications_keys_accounts",
        include_str!("../../migrations/0001_applications_keys_accounts.sql"),
    ),
    (
        2,
        "reconnection",
        include_str!("../../migrations/0002_reconnection.sql"),
    ),
    (
        3,
        "intents",
        include_str!("../../migrations/0003_intents.sql"),
    ),
    (
        4,
        "access",
        include_str!("../../migrations/0004_access.sql"),
    ),
];

/// Returns what brings a database up to date, each migration in a transaction of its own.
pub(super) fn migrator() -> Migrator {
    let migrations = MIGRATIONS
        .iter()
        .map(|&(version, name, sql)| {
            let sql = sql.into_sql_str();
            Migration::new(version, name.into(), MigrationType::Simple, sql, false)
        })
        .collect();
    Migrator::with_migrations(migrations)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_file_of_the_folder_is_forgotten() {
        let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/migrations");
        let mut files: Vec<_> = std::fs::read_dir(folder)
            .unwrap()
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect();
        files.sort();

        let listed: Vec<_> = MIGRATIONS
            .iter()
            .map(|(version, name, _)| format!("{version:04}_{name}.sql"))
            .collect();

        assert_eq!(files, listed);
    }
}
