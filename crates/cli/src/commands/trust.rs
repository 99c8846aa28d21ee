//! Asks before sending a stored credential to a server it was not entered for.

use std::io::{IsTerminal as _, Write as _};

use aether_contract::{Empty, ErrorCode, PanelError, SecretStatus, SecretTrustRequest, SecretsStatus};
use aether_panel::{Panel, secrets::Origin};

use crate::{
    args::{Args, Command},
    human::plain,
};

/// Confirms the servers of `--trust-origin`; on a terminal, asks about the others.
pub async fn confirm(panel: &Panel, args: &Args) -> Result<(), PanelError> {
    let terminal = std::io::stdin().is_terminal() && std::io::stderr().is_terminal() && !args.json;
    let asks = terminal && sends_credentials(&args.command);
    if args.trust_origin.is_empty() && !asks {
        return Ok(());
    }
    let wanted: Vec<Origin> =
        args.trust_origin.iter().map(|text| Origin::parse(text)).collect::<Result<_, _>>()?;
    let status = panel.secret_status(Empty {}).await?;
    for origin in &wanted {
        if !status.entries.iter().any(|entry| names(entry, origin.as_str())) {
            return Err(PanelError::new(
                ErrorCode::InvalidRequest,
                "arguments",
                format!("No credential of this stack is used for {origin}."),
            )
            .with_hint("List servers awaiting confirmation with: aetherctl secret status"));
        }
    }
    for (entry, origin) in unconfirmed(&status) {
        let named = wanted.iter().any(|wanted| wanted.as_str() == origin);
        if named || (asks && is_yes(entry, origin, args)) {
            let request = SecretTrustRequest { id: entry.id.clone(), origin: origin.clone() };
            panel.secret_trust(request).await?;
        }
    }
    Ok(())
}

/// Reports on standard error when an environment credential is used for a new server.
pub fn print_environment_notes(panel: &Panel) {
    for note in panel.environment_notes() {
        // Nobody may be reading this.
        let _ = writeln!(std::io::stderr(), "aetherctl: {}", plain(&note));
    }
}

fn names(entry: &SecretStatus, origin: &str) -> bool {
    entry.untrusted.iter().chain(&entry.origins).any(|known| known == origin)
}

fn unconfirmed(status: &SecretsStatus) -> impl Iterator<Item = (&SecretStatus, &String)> {
    status.entries.iter().flat_map(|entry| entry.untrusted.iter().map(move |origin| (entry, origin)))
}

fn sends_credentials(command: &Command) -> bool {
    !matches!(
        command,
        Command::Secret(_)
            | Command::Stack(_)
            | Command::Training { .. }
            | Command::Completions { .. }
            | Command::Man { .. }
    )
}

/// Asks on the terminal. Anything but a clear yes means no.
fn is_yes(entry: &SecretStatus, origin: &str, args: &Args) -> bool {
    let stack = args.stack.as_deref().map(|stack| format!("{}'s ", plain(stack))).unwrap_or_default();
    let entered = match entry.origins.join(", ") {
        list if list.is_empty() => "The server it was entered for is not recorded.".to_owned(),
        list => format!("It was entered for {}.", plain(&list)),
    };
    let exposed = Origin::parse(origin).is_ok_and(|origin| origin.is_exposed());
    let exposed = if exposed { " It would be sent unencrypted." } else { "" };
    let question =
        format!("Send {stack}{} to {}? {entered}{exposed} [y/N] ", plain(&entry.title), plain(origin));
    let mut err = std::io::stderr();
    let _ = write!(err, "{question}");
    let _ = err.flush();
    let mut answer = String::new();
    std::io::stdin().read_line(&mut answer).is_ok()
        && matches!(answer.trim().to_ascii_lowercase().as_str(), "y" | "yes")
}
