// Package web owns the edge: routes, sessions, cookies, headers, forms, the
// event stream and the one error page. It reads exactly the fields of a form,
// calls one method of the wizard, and shows a page or answers 303.
//
// It decides nothing about a setup, knows no SQL, no protocol of a mail server
// and no sentence; what a page looks like is the work of package templates.
package web
