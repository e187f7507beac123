// Package provider knows what an identity and mail provider has decided: its
// endpoints, scopes, hosts and numbers, and what its answers mean. Microsoft
// Entra ID with Exchange Online is one provider; any OpenID provider with its
// own mail servers is another, written in the operator's configuration.
//
// Explain is the only translator from errors to findings. It opens no
// connection, judges no setup (package check), and whatever it does not know
// becomes "unexplained" with the full evidence, never silence.
package provider
