// Package static owns the files a browser loads beside the pages: the
// stylesheet, the script, the sprite of state icons and the site icon. They
// are embedded, and each is addressed by a name that contains a hash of its
// content, so a browser may keep it for ever.
//
// It does not know who asks for a file, with which headers it is sent
// (package web), or which page uses it (package templates).
package static
