package entra

import (
	"bytes"
	"embed"
	"encoding/json"
	"fmt"
	"html/template"
	"net/http"
	"strings"

	"latchkey/internal/lab/world"
)

//go:embed pages/*.html
var pageFiles embed.FS

//go:embed pages/lab.css
var css []byte

// pages are the templates by name; each one fills the layout.
var pages = func() map[string]*template.Template {
	entries, err := pageFiles.ReadDir("pages")
	if err != nil {
		panic(fmt.Sprintf("entra: %v", err))
	}
	all := map[string]*template.Template{}
	for _, f := range entries {
		name := strings.TrimSuffix(f.Name(), ".html")
		all[name] = template.Must(template.New("layout.html").Funcs(template.FuncMap{"config": config, "platformName": platformName}).
			ParseFS(pageFiles, "pages/layout.html", "pages/"+f.Name()))
	}
	return all
}()

// config writes the $Config object. json.Marshal escapes what could end a
// script element.
func config(v map[string]any) (template.JS, error) {
	b, err := json.Marshal(v)
	return template.JS("$Config=" + string(b) + ";"), err
}

func execute(page, nonce string, view any) ([]byte, error) {
	var b bytes.Buffer
	err := pages[page].Execute(&b, struct {
		Nonce string
		View  any
	}{nonce, view})
	if err != nil {
		return nil, fmt.Errorf("entra: page %s: %w", page, err)
	}
	return b.Bytes(), nil
}

func stylesheet(*world.State, *http.Request) outcome {
	return outcome{status: http.StatusOK, contentType: "text/css; charset=utf-8", body: css}
}
