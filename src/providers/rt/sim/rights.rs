//! What a caller may see and do.

use super::records::{Ticket, Transaction};
use super::records_people::{Access, Right};
use super::world::World;

impl World {
    /// Whether a user is the superuser.
    pub(super) fn is_super(&self, user: u64) -> bool {
        let user = self.users.get(&user);
        user.is_some_and(|user| user.access == Access::Everything)
    }

    /// Whether a user may see a queue and the tickets in it.
    pub(super) fn sees_queue(&self, user: u64, queue: u64) -> bool {
        match self.users.get(&user).map(|user| &user.access) {
            Some(Access::Everything) => true,
            Some(Access::Queues(queues, _)) => queues.contains(&queue),
            Some(Access::Nothing) | None => false,
        }
    }

    /// Whether a user has a right in a queue.
    pub(super) fn may(&self, user: u64, right: Right, queue: u64) -> bool {
        match self.users.get(&user).map(|user| &user.access) {
            Some(Access::Everything) => true,
            Some(Access::Queues(queues, lacking)) => {
                queues.contains(&queue) && !lacking.contains(&right)
            }
            Some(Access::Nothing) | None => false,
        }
    }

    /// Whether a user may see a ticket.
    pub(super) fn sees_ticket(&self, user: u64, ticket: &Ticket) -> bool {
        self.sees_queue(user, ticket.queue)
    }

    /// Whether a user may see a transaction (facts, 12).
    pub(super) fn sees_transaction(&self, user: u64, transaction: &Transaction) -> bool {
        if !self.is_committed(transaction) {
            return false;
        }
        match transaction.object_type {
            "RT::Ticket" => {
                let Some(ticket) = self.tickets.get(&transaction.object_id) else {
                    return false;
                };
                let is_comment = matches!(transaction.kind, "Comment" | "CommentEmailRecord");
                self.sees_ticket(user, ticket)
                    && (!is_comment || self.may(user, Right::SeeComments, ticket.queue))
            }
            "RT::Queue" => self.sees_queue(user, transaction.object_id),
            _ => self.is_super(user),
        }
    }
}
