// Package lab is a faithful, fault-injecting Entra ID and Exchange Online on
// loopback, for practice and for proof. It starts the parts, names the
// scenarios, and makes the certificate authority of the mail servers.
//
//   - world holds the state: who exists, what is registered, what is allowed.
//   - entra answers HTTP: sign-in, tokens, consent, and a pretend portal.
//   - exchange answers IMAP, POP3 and SMTP.
//
// The lab is an island. It imports nothing but the recorded answers, and no mail,
// OAuth or JOSE library, so that a misunderstanding cannot be made on both
// sides and cancel itself out. Everything is in memory, keys and passwords are
// new at each start, and it refuses to listen on anything but loopback.
//
// A scenario is data: a small change of the healthy world, and its repair. The
// parts never learn which scenario is being played; each verdict follows from
// the state, so that repairing the state by hand, in the portal, repairs the
// symptom too.
//
// What no state leads to can still be shown: Replay makes the lab give a
// recorded answer of the corpus at its place.
//
// Where the lab is known not to be like the real services, and where it does
// what is likely although nobody has recorded the real behaviour, Divergences
// says so; the front page shows the list.
package lab
