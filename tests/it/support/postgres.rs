//! Schemas of a PostgreSQL server, one for each test.

use sqlx::{AssertSqlSafe, Connection as _, PgConnection};

/// An empty schema. It is dropped with this.
pub(crate) struct Schema {
    /// The address that leads into it.
    pub(crate) url: String,
    /// The server's address.
    server: String,
    /// Its name.
    name: String,
}

impl Schema {
    /// A new one on the server that `DESKGATE_TEST_POSTGRES_URL` names; none where it names none.
    #[expect(
        clippy::disallowed_methods,
        reason = "where PostgreSQL is for tests is no setting of the program"
    )]
    pub(crate) async fn create() -> Option<Self> {
        let server = std::env::var("DESKGATE_TEST_POSTGRES_URL").ok()?;
        let name = format!("deskgate_test_{:032x}", rand::random::<u128>());
        run(&server, format!("create schema {name}")).await.unwrap();
        Some(Self {
            url: within(&server, &name),
            server,
            name,
        })
    }

    /// The address that leads into it by another way to the server: `host:port`.
    pub(crate) fn by_way_of(&self, address: std::net::SocketAddr) -> String {
        let mut url = url::Url::parse(&self.url).unwrap();
        url.set_ip_host(address.ip()).unwrap();
        url.set_port(Some(address.port())).unwrap();
        url.to_string()
    }

    /// Where the server is: `host:port`.
    pub(crate) fn server(&self) -> String {
        let url = url::Url::parse(&self.server).unwrap();
        format!("{}:{}", url.host_str().unwrap(), url.port().unwrap_or(5432))
    }
}

/// The address of a schema.
fn within(server: &str, schema: &str) -> String {
    let separator = if server.contains('?') { '&' } else { '?' };
    format!("{server}{separator}options[search_path]={schema}")
}

/// Runs a statement.
async fn run(server: &str, statement: String) -> sqlx::Result<()> {
    let mut connection = PgConnection::connect(server).await?;
    sqlx::query(AssertSqlSafe(statement))
        .execute(&mut connection)
        .await?;
    connection.close().await
}

impl Drop for Schema {
    fn drop(&mut self) {
        let (server, name) = (self.server.clone(), self.name.clone());
        // A runtime of its own: the test's may stand still, and cannot be waited for here.
        let dropped = std::thread::spawn(move || {
            tokio::runtime::Builder::new_current_thread()
                .enable_all()
                .build()
                .unwrap()
                .block_on(run(&server, format!("drop schema {name} cascade")))
        });
        if let Ok(Err(error)) = dropped.join() {
            eprintln!("the schema {} is left behind: {error}", self.name);
        }
    }
}
