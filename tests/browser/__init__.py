"""The app in a real browser: headless Chromium against a server of its own."""
