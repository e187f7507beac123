// Package setup owns the thing being built: the answers given so far for one
// mailbox (or one shared account with several mailboxes), their parsing, and
// the fingerprint that ties a check's result to the answers it was made with.
//
// It holds names and values only. It does not know what is right or wrong
// about them (package check), what Microsoft or a product demands (packages
// provider and product), where they are stored, or how they are shown. The
// client secret and the tokens are not in it: only their revision numbers.
package setup
