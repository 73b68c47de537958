//! What is said on tickets: conversations and what they do to their ticket
//! (Freshdesk reference, section 6).

use super::html::html_and_text;
use super::records::Conversation;
use super::world::World;

impl World {
    /// A conversation without text, by the given person; [`Self::insert_conversation`] keeps it.
    pub fn blank_conversation(&mut self, ticket_id: u64, user_id: Option<u64>) -> Conversation {
        let now = self.now();
        Conversation {
            id: self.new_id(),
            ticket_id,
            user_id,
            body: String::new(),
            body_text: String::new(),
            incoming: false,
            private: false,
            source: 0,
            is_note: false,
            category: 3,
            support_email: None,
            from_email: None,
            to_emails: Some(Vec::new()),
            cc_emails: Vec::new(),
            bcc_emails: Some(Vec::new()),
            created_at: now,
            updated_at: now,
            last_edited_at: None,
            last_edited_user_id: None,
            attachments: Vec::new(),
        }
    }

    /// Hangs a conversation on its ticket, which it updates; a public reply sets milestones, a
    /// customer's message reopens (section 6).
    pub fn insert_conversation(&mut self, mut conversation: Conversation) -> bool {
        let now = conversation.created_at;
        conversation.category = match (conversation.incoming, conversation.private) {
            (true, _) => 1,
            (false, true) => 2,
            (false, false) => 3,
        };
        self.edit_ticket(conversation.ticket_id, |ticket| {
            if conversation.incoming {
                ticket.stats.requester_responded_at = Some(now);
                if ticket.is_done() || ticket.status == 3 {
                    ticket.status = 2;
                }
            } else if !conversation.private && !conversation.is_note {
                ticket.stats.agent_responded_at = Some(now);
                ticket.stats.first_responded_at.get_or_insert(now);
            }
            ticket.conversations.push(conversation);
        })
    }

    /// Adds a private or public note by an agent.
    pub fn add_note(&mut self, ticket_id: u64, user_id: u64, body: &str, private: bool) -> u64 {
        let mut note = self.blank_conversation(ticket_id, Some(user_id));
        note.is_note = true;
        note.source = 2;
        note.private = private;
        self.insert_text(note, body)
    }

    /// Adds a public reply by an agent.
    pub fn add_reply(&mut self, ticket_id: u64, user_id: u64, body: &str) -> u64 {
        let reply = self.blank_conversation(ticket_id, Some(user_id));
        self.insert_text(reply, body)
    }

    /// Adds a message of the ticket's requester.
    pub fn add_customer_message(&mut self, ticket_id: u64, body: &str) -> u64 {
        let requester = self
            .tickets
            .get(&ticket_id)
            .map(|ticket| ticket.requester_id);
        let mut message = self.blank_conversation(ticket_id, requester);
        message.incoming = true;
        self.insert_text(message, body)
    }

    /// Gives a conversation its text and keeps it.
    fn insert_text(&mut self, mut conversation: Conversation, body: &str) -> u64 {
        let id = conversation.id;
        (conversation.body, conversation.body_text) = html_and_text(body);
        self.insert_conversation(conversation);
        id
    }

    /// Finds a conversation.
    pub fn conversation(&self, id: u64) -> Option<&Conversation> {
        let ticket = self.tickets.get(self.conversation_tickets.get(&id)?)?;
        ticket.conversations.iter().find(|one| one.id == id)
    }

    /// Changes a conversation, and with it its ticket's `updated_at`.
    pub fn edit_conversation(&mut self, id: u64, edit: impl FnOnce(&mut Conversation)) -> bool {
        let now = self.now();
        let Some(ticket_id) = self.conversation_tickets.get(&id).copied() else {
            return false;
        };
        self.edit_ticket(ticket_id, |ticket| {
            if let Some(found) = ticket.conversations.iter_mut().find(|one| one.id == id) {
                edit(found);
                found.updated_at = now;
            }
        })
    }

    /// Destroys a conversation; there is no way back (section 6).
    pub fn delete_conversation(&mut self, id: u64) -> bool {
        let Some(ticket_id) = self.conversation_tickets.remove(&id) else {
            return false;
        };
        self.edit_ticket(ticket_id, |ticket| {
            ticket.conversations.retain(|one| one.id != id);
        })
    }
}
