package static

import (
	"bytes"
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"fmt"
	"io/fs"
	"path"
	"regexp"
	"strings"
)

//go:embed app.css app.js icons.svg icon.svg
var files embed.FS

// Prefix is where the files are served.
const Prefix = "/static/"

// types lists the media types by extension; the system's table is not asked,
// because a wrong type under "nosniff" means a page without a stylesheet.
var types = map[string]string{
	".css": "text/css; charset=utf-8",
	".js":  "text/javascript; charset=utf-8",
	".svg": "image/svg+xml",
}

// File is one file as it goes over the wire.
type File struct {
	Name string // with the hash: "app.3f2a9c01d4.css"
	Type string // media type
	Data []byte
}

var byName, byHashed = index()

func index() (byName, byHashed map[string]File) {
	byName, byHashed = map[string]File{}, map[string]File{}
	entries, err := files.ReadDir(".")
	if err != nil {
		panic(fmt.Sprintf("static: %v", err))
	}
	for _, e := range entries {
		data, err := files.ReadFile(e.Name())
		if err != nil {
			panic(fmt.Sprintf("static: %v", err))
		}
		ext := path.Ext(e.Name())
		if ext == ".css" {
			data = compact(data)
		}
		sum := sha256.Sum256(data)
		hashed := strings.TrimSuffix(e.Name(), ext) + "." + hex.EncodeToString(sum[:5]) + ext
		f := File{Name: hashed, Type: types[ext], Data: data}
		byName[e.Name()], byHashed[hashed] = f, f
	}
	return byName, byHashed
}

var (
	comment = regexp.MustCompile(`(?s)/\*.*?\*/`)
	blank   = regexp.MustCompile(`\s*([{};,])\s*|(:) |\n`)
)

// compact takes comments, line ends and needless blanks out of a stylesheet
// whose lines end where a rule or a declaration ends. A blank before a colon
// means something; one behind it does not.
func compact(css []byte) []byte {
	css = blank.ReplaceAll(comment.ReplaceAll(css, nil), []byte("$1$2"))
	return bytes.ReplaceAll(css, []byte(";}"), []byte("}"))
}

// Path is the address of the file name, for example "/static/app.<hash>.css".
// An unknown name panics: it stands in a template, not in a request.
func Path(name string) string {
	f, ok := byName[name]
	if !ok {
		panic(fmt.Sprintf("static: no file %q", name))
	}
	return Prefix + f.Name
}

// Lookup returns the file with the hashed name, as it stands in a request
// behind Prefix. An old hash is not found: its content is gone.
func Lookup(hashed string) (File, bool) {
	f, ok := byHashed[hashed]
	return f, ok
}

// FS returns the files under their own names.
func FS() fs.FS { return files }

// Text is the content of the file name, as it is served. An unknown name
// panics like Path.
func Text(name string) string {
	f, ok := byName[name]
	if !ok {
		panic(fmt.Sprintf("static: there is no file %q", name))
	}
	return string(f.Data)
}
