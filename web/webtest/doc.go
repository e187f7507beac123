// Package webtest is a browser window for tests of the edge: requests as a
// browser sends them, with cookies of its own, and what came back as text. It
// is imported by tests only and knows nothing of what the pages are about.
package webtest
