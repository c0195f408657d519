//! `concord check-data`: what the data store holds from before a rule that it breaks.

use concord::data_check::check_data;
use concord::service::Service;
use concord::settings::SessionKind;
use miette::{IntoDiagnostic, Result, miette};

use super::options::{Options, given};

/// Prints each finding and what to do about it.
pub(crate) async fn run(options: Options) -> Result<()> {
    let settings = options.settings_of(SessionKind::Command("check-data"))?;
    let service = Service::open(settings).await.into_diagnostic()?;
    given(&service.store).await?;
    let found = check_data(&service.store)
        .await
        .map_err(|refusal| miette!("{}", refusal.error))?;
    for one in &found {
        println!("{one}");
        println!("  {}", one.remedy());
    }
    println!("{} to look into", found.len());
    Ok(())
}
