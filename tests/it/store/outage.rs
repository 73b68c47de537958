//! PostgreSQL goes away while the gateway serves, and comes back.

use std::net::{Ipv4Addr, SocketAddr};
use std::sync::{Arc, Mutex};

use http::Method;
use serde_json::json;
use tokio::io::copy_bidirectional;
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;

use crate::support::TestApp;
use crate::support::postgres::Schema;

/// The way to the server, which can be cut.
struct Way {
    /// Where it begins.
    address: SocketAddr,
    /// Where it leads.
    server: String,
    /// What listens and what is connected; none while it is cut.
    tasks: Mutex<Option<JoinSet<()>>>,
}

impl Way {
    /// A way to this server.
    async fn to(server: String) -> Arc<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
        let way = Arc::new(Self {
            address: listener.local_addr().unwrap(),
            server,
            tasks: Mutex::default(),
        });
        way.open(listener);
        way
    }

    /// Lets through.
    fn open(&self, listener: TcpListener) {
        let server = self.server.clone();
        let mut tasks = JoinSet::new();
        tasks.spawn(async move {
            let mut connections = JoinSet::new();
            while let Ok((mut near, _)) = listener.accept().await {
                let server = server.clone();
                connections.spawn(async move {
                    let mut far = TcpStream::connect(server).await.unwrap();
                    let _ = copy_bidirectional(&mut near, &mut far).await;
                });
            }
        });
        *self.tasks.lock().unwrap() = Some(tasks);
    }

    /// Breaks all connections; new ones are refused.
    async fn cut(&self) {
        let tasks = self.tasks.lock().unwrap().take();
        tasks.unwrap().shutdown().await;
    }

    /// Lets through again.
    async fn mend(&self) {
        self.open(TcpListener::bind(self.address).await.unwrap());
    }
}

#[tokio::test]
async fn while_the_database_is_gone_accounts_at_hand_are_read_and_nothing_is_written() {
    let Some(schema) = Schema::create().await else {
        eprintln!("DESKGATE_TEST_POSTGRES_URL is not set: nothing was tested on PostgreSQL");
        return;
    };
    let way = Way::to(schema.server()).await;
    let app = TestApp::on_postgres(schema, way.address).await;
    let create = || {
        let body = json!({ "subject": "s", "description": "d", "requester": { "email": "a@example.com" } });
        app.post("/tickets", body).header("idempotency-key", "one")
    };
    let as_application = |path: &str| app.as_application(Method::GET, path);
    let tickets = format!("/v1/accounts/{}/helpdesk/tickets", app.account);
    app.get("/tickets").await.expect(200);
    as_application(&tickets).await.expect(200);
    let ready = || app.request(Method::GET, "/readyz");
    ready().await.expect(200);

    way.cut().await;
    // With the account's token and with the application's key.
    app.get("/tickets").await.expect(200);
    as_application(&tickets).await.expect(200);
    ready().await.expect(200);
    let refused = create().await;
    assert!(refused.headers.contains_key("retry-after"));
    assert_eq!(refused.refused(503), "service_not_available");
    assert_eq!(
        as_application("/v1/accounts").await.refused(503),
        "service_not_available"
    );

    way.mend().await;
    create().await.expect(201);
    as_application("/v1/accounts").await.expect(200);
    ready().await.expect(200);
}
