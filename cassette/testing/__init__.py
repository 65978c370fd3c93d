"""What tests are written with: expectations, locators, goldens, and what the pytest plugin decides."""
