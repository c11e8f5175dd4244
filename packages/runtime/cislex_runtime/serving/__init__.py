"""The API process: the server, what it holds, and the servicers on every port."""
