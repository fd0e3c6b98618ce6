//! Which message is answered by what.

use async_trait::async_trait;
use regulars_connect::{Applied, Failure, Processor, Received, body};
use regulars_database::Tx;

use crate::{Klaviyo, events, profiles, topics, topics::Action};

#[async_trait]
impl Processor for Klaviyo {
    fn answers(&self, topic: &str) -> bool {
        topics::action(topic).is_some()
    }

    async fn apply(&self, tx: &mut Tx, message: &Received) -> Result<Applied, Failure> {
        let Some(action) = topics::action(&message.topic) else {
            return Ok(Applied::unanswered());
        };
        let told = body::parse(message)?;
        let payload = &told["payload"];
        match action {
            Action::Event(meaning) => events::tell(tx, message, payload, &meaning).await,
            Action::PutProfile => profiles::put(tx, message, payload).await,
            Action::DeleteProfile => profiles::delete(tx, message, payload).await,
            Action::MergeProfiles => profiles::merge(tx, message, payload).await,
        }
    }
}
