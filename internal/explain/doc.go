// Package explain owns one use case without a setup: somebody has an error of
// any program at hand and wants to know what it means. It joins what paste has
// taken apart with what provider knows, and ranks the result.
//
// It does not know who asks or how the answer is shown (packages web and cmd),
// holds no vendor's numbers, stores nothing and logs nothing.
package explain
