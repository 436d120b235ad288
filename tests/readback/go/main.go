// Reads bodies with mime/multipart, one JSON line a body, and answers each with one line:
//
//	{"peer": "parts" | "form", "contentType": string, "body": base64}
//	{"items": [{"name", "filename", "contentType", "data": base64}]}, or {"error": string}
//
// "parts" walks the parts in their order, nested ones too; "form" is what ParseMultipartForm of
// net/http gives.  What Go gives as "" is null.  Runs until its input ends.
package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"mime"
	"mime/multipart"
	"net/http"
	"os"
	"sort"
	"strings"
)

type question struct {
	Peer        string `json:"peer"`
	ContentType string `json:"contentType"`
	Body        []byte `json:"body"`
}

type item struct {
	Name        *string `json:"name"`
	Filename    *string `json:"filename"`
	ContentType *string `json:"contentType"`
	Data        []byte  `json:"data"`
}

type answer struct {
	Items []item `json:"items"`
	Error string `json:"error,omitempty"`
}

func known(text string) *string {
	if text == "" {
		return nil
	}
	return &text
}

// parts gives the leaves of a multipart in the order of the stream.
func parts(contentType string, body io.Reader) ([]item, error) {
	items := []item{}
	_, parameters, err := mime.ParseMediaType(contentType)
	if err != nil {
		return nil, err
	}
	reader := multipart.NewReader(body, parameters["boundary"])
	for {
		part, err := reader.NextPart()
		if err == io.EOF {
			return items, nil
		}
		if err != nil {
			return nil, err
		}
		kind := part.Header.Get("Content-Type")
		if strings.HasPrefix(kind, "multipart/") {
			inner, err := parts(kind, part)
			if err != nil {
				return nil, err
			}
			items = append(items, inner...)
			continue
		}
		data, err := io.ReadAll(part)
		if err != nil {
			return nil, err
		}
		items = append(items, item{known(part.FormName()), known(part.FileName()), known(kind), data})
	}
}

// form gives the values and then the files of a request, each by name in alphabetical order.
func form(contentType string, body io.Reader) ([]item, error) {
	request, err := http.NewRequest("POST", "/", body)
	if err != nil {
		return nil, err
	}
	request.Header.Set("Content-Type", contentType)
	if err := request.ParseMultipartForm(32 << 20); err != nil {
		return nil, err
	}
	items := []item{}
	for name, values := range request.MultipartForm.Value {
		for _, value := range values {
			items = append(items, item{known(name), nil, nil, []byte(value)})
		}
	}
	for name, files := range request.MultipartForm.File {
		for _, header := range files {
			file, err := header.Open()
			if err != nil {
				return nil, err
			}
			data, err := io.ReadAll(file)
			file.Close()
			if err != nil {
				return nil, err
			}
			kind := header.Header.Get("Content-Type")
			items = append(items, item{known(name), known(header.Filename), known(kind), data})
		}
	}
	sort.SliceStable(items, func(i, j int) bool {
		left, right := items[i], items[j]
		if (left.Filename == nil) != (right.Filename == nil) {
			return left.Filename == nil
		}
		return *left.Name < *right.Name
	})
	return items, request.MultipartForm.RemoveAll()
}

func main() {
	peers := map[string]func(string, io.Reader) ([]item, error){"parts": parts, "form": form}
	input, output := json.NewDecoder(os.Stdin), json.NewEncoder(os.Stdout)
	for {
		var asked question
		if err := input.Decode(&asked); err == io.EOF {
			return
		} else if err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		items, err := peers[asked.Peer](asked.ContentType, bytes.NewReader(asked.Body))
		reply := answer{Items: items}
		if err != nil {
			reply.Error = err.Error()
		}
		if err := output.Encode(reply); err != nil {
			os.Exit(1)
		}
	}
}
