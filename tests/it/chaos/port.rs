//! A port that stays ours while nobody listens on it.

use std::net::{Ipv4Addr, SocketAddr};

use tokio::net::{TcpListener, TcpSocket};

/// How many connections wait for being accepted.
const BACKLOG: u32 = 1024;

/// A loopback port that the system picked.
///
/// A socket that is bound but does not listen keeps it: connections are refused, no other program is given
/// the port, and one that asks for it by number, as the gateway does at each start, can listen on it.
pub(crate) struct Port {
    /// The socket that keeps it.
    _kept: TcpSocket,
    /// Where it is.
    pub(crate) address: SocketAddr,
}

impl Port {
    /// Picks one.
    pub(crate) fn pick() -> Self {
        let kept = bound((Ipv4Addr::LOCALHOST, 0).into());
        let address = kept.local_addr().unwrap();
        Self {
            _kept: kept,
            address,
        }
    }

    /// Listens on it, until the listener is dropped.
    pub(crate) fn listen(&self) -> TcpListener {
        bound(self.address).listen(BACKLOG).unwrap()
    }
}

/// A socket at this address that others may be bound to as well.
fn bound(address: SocketAddr) -> TcpSocket {
    let socket = TcpSocket::new_v4().unwrap();
    socket.set_reuseaddr(true).unwrap();
    socket.bind(address).unwrap();
    socket
}
