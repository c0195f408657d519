//! Records that are shown together: what hangs below each of them is read for all of them at once.

use std::any::Any;
use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::OnceCell;

use crate::error::{Refusal, Result};

/// What was read below the records, by what was asked for.
type ReadBelow = HashMap<String, Arc<OnceCell<Arc<dyn Any + Send + Sync>>>>;

/// The records that are shown together, by their ids.
#[derive(Debug)]
pub struct Together<K> {
    keys: Vec<K>,
    read: Mutex<ReadBelow>,
}

impl<K: Copy> Together<K> {
    /// Returns the records of a page.
    pub fn of(keys: impl IntoIterator<Item = K>) -> Arc<Self> {
        Arc::new(Self {
            keys: keys.into_iter().collect(),
            read: Mutex::default(),
        })
    }

    /// Returns what hangs below all of them: read once for each thing that is asked for, and shared by whoever asks.
    ///
    /// # Errors
    /// What `read` refuses; `INTERNAL` where something else was read as this.
    pub async fn below<T, F>(&self, asked: String, read: impl FnOnce(Vec<K>) -> F) -> Result<Arc<T>>
    where
        T: Send + Sync + 'static,
        F: Future<Output = Result<T>>,
    {
        let cell = {
            let mut cells = self.read.lock().unwrap_or_else(PoisonError::into_inner);
            Arc::clone(cells.entry(asked).or_default())
        };
        let keys = self.keys.clone();
        let found = cell
            .get_or_try_init(|| async {
                let found: Arc<dyn Any + Send + Sync> = Arc::new(read(keys).await?);
                Ok::<_, Refusal>(found)
            })
            .await?;
        let found = Arc::clone(found).downcast();
        found.map_err(|_| Refusal::internal(OtherThingError))
    }
}

/// Two things that are asked for below records have the same name.
#[derive(Debug, thiserror::Error)]
#[error("something else was read below these records under this name")]
struct OtherThingError;
